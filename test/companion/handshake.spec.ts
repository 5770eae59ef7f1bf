import { parseHandshake } from '../../src/companion/handshake';

const SECRET = 'ab'.repeat(32);

describe('parseHandshake', () => {
  it('takes a socket and a secret', () => {
    const handshake = { socket: '/tmp/ts-1/companion.sock', secret: SECRET };
    expect(parseHandshake(JSON.stringify(handshake))).toEqual(handshake);
  });

  it.each([
    ['no JSON', SECRET],
    ['null', 'null'],
    ['no socket', JSON.stringify({ secret: SECRET })],
    ['a relative socket', JSON.stringify({ socket: 'x.sock', secret: SECRET })],
    ['a socket too long for some systems', JSON.stringify({ socket: `/${'x'.repeat(103)}`, secret: SECRET })],
    ['no secret', JSON.stringify({ socket: '/x' })],
    ['a short secret', JSON.stringify({ socket: '/x', secret: 'abab' })]
  ])('refuses %s without repeating the line', (_, line) => {
    expect(() => parseHandshake(line)).toThrow(/^The first line on stdin does not hold/);
    expect(() => parseHandshake(line)).not.toThrow(SECRET);
  });
});
