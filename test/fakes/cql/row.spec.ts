import { Row } from './row';

type Write = (row: Row) => void;

const NOW_S = 1_000;
const value = (text: string): Buffer => Buffer.from(text);
const write =
  (text: string | null, timestamp: bigint, expiresS: number | null = null): Write =>
  row => {
    row.insert({ timestamp, expiresS });
    row.write('a', text === null ? null : value(text), { timestamp, expiresS });
  };
const remove =
  (timestamp: bigint): Write =>
  row =>
    row.delete(timestamp);

function shown(writes: readonly Write[], nowS = NOW_S): { isLive: boolean; a: string | null } {
  const row = new Row([value('key')]);
  writes.forEach(each => each(row));
  return { isLive: row.isLive(nowS), a: row.cell('a', nowS)?.value.toString() ?? null };
}

function orders<T>(items: readonly T[]): T[][] {
  return items.length === 0
    ? [[]]
    : items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map(rest => [item, ...rest]));
}

describe('Row', () => {
  it.each<[string, readonly Write[], { isLive: boolean; a: string | null }]>([
    ['the youngest', [write('x', 1n), write('y', 3n), write('z', 2n), write('y', 3n)], { isLive: true, a: 'y' }],
    ['the greater bytes of one age', [write('x', 1n), write('y', 1n)], { isLive: true, a: 'y' }],
    ['null before a value of one age', [write('x', 1n), write(null, 1n)], { isLive: true, a: null }],
    ['a younger value after null', [write(null, 1n), write('x', 2n)], { isLive: true, a: 'x' }],
    [
      'nothing that is not younger than a delete',
      [write('x', 1n), write('y', 2n), remove(2n)],
      { isLive: false, a: null }
    ],
    ['what is younger than a delete', [write('x', 1n), write('y', 3n), remove(2n)], { isLive: true, a: 'y' }],
    ['what expires before what stays', [write('x', 1n), write('a', 1n, 1_001)], { isLive: true, a: 'a' }],
    ['the expired before what stays', [write('x', 1n), write('x', 1n, 999)], { isLive: false, a: null }],
    ['what expires later', [write('x', 1n, 1_001), write('a', 1n, 1_002)], { isLive: true, a: 'a' }],
    ['a younger row after one that expired', [write('x', 1n, 999), write('a', 2n)], { isLive: true, a: 'a' }]
  ])('shows %s, whatever came first', (_, writes, expected) => {
    for (const order of orders(writes)) {
      expect(shown(order)).toEqual(expected);
    }
  });

  it('is gone in the second in which it expires', () => {
    expect(shown([write('x', 1n, NOW_S + 1)])).toEqual({ isLive: true, a: 'x' });
    expect(shown([write('x', 1n, NOW_S)])).toEqual({ isLive: false, a: null });
  });
});
