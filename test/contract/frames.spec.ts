import { encodeFrame, encodeJsonFrame, frameJson, readFrames } from '../../src/contract';
import type { IFrame } from '../../src/contract';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.slice(at, at + size);
  }
}

async function read(bytes: Uint8Array, size: number): Promise<IFrame[]> {
  const frames: IFrame[] = [];
  for await (const frame of readFrames(inPieces(bytes, size))) {
    frames.push(frame);
  }
  return frames;
}

const ANSWER = Buffer.concat([
  encodeJsonFrame('progress', { bytes: 1 }),
  encodeFrame('arrow', new Uint8Array([1, 2, 3])),
  encodeFrame('arrow', new Uint8Array()),
  encodeJsonFrame('end', { rows: 'é' })
]);

describe('readFrames', () => {
  it.each([1, 2, 4, 5, 7, 1000])('gives what was written, in pieces of %i bytes', async size => {
    const frames = await read(ANSWER, size);
    expect(frames.map(({ kind }) => kind)).toEqual(['progress', 'arrow', 'arrow', 'end']);
    expect([...frames[1]!.bytes]).toEqual([1, 2, 3]);
    expect(frames[2]!.bytes).toHaveLength(0);
    expect(frameJson(frames[3]!)).toEqual({ rows: 'é' });
  });

  it('reads nothing after the end', async () => {
    const frames = await read(Buffer.concat([ANSWER, Buffer.from('rubbish')]), 3);
    expect(frames).toHaveLength(4);
  });

  it('says so when the answer breaks off at any place', async () => {
    for (let length = 0; length < ANSWER.length; length++) {
      await expect(read(ANSWER.subarray(0, length), 6)).rejects.toThrow('broke off');
    }
  });

  it('takes neither an unknown kind nor an absurd length', async () => {
    await expect(read(new Uint8Array([9, 0, 0, 0, 0]), 5)).rejects.toThrow('not what it should be');
    await expect(read(new Uint8Array([1, 255, 255, 255, 255]), 5)).rejects.toThrow('not what it should be');
  });
});
