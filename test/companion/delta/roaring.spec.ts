import { RoaringReader } from '../../../src/companion/delta/roaring';

/** One 64-bit bitmap of 32-bit ones, by their upper halves. */
function portable(...bitmaps: [high: number, bytes: number[]][]): Uint8Array {
  return Uint8Array.from([...u64(bitmaps.length), ...bitmaps.flatMap(([high, bytes]) => [...u32(high), ...bytes])]);
}

const u16 = (value: number) => [value & 0xff, value >> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const u64 = (value: number) => [...u32(value), 0, 0, 0, 0];

/** A bitmap without runs of one container. */
const array = (...members: number[]) => [
  ...u32(12_346),
  ...u32(1),
  ...u16(0),
  ...u16(members.length - 1),
  ...u32(16),
  ...members.flatMap(u16)
];
const runs = (count: number, ...pairs: [first: number, more: number][]) => [
  ...u32(12_347),
  1,
  ...u16(0),
  ...u16(count - 1),
  ...u16(pairs.length),
  ...pairs.flatMap(pair => pair.flatMap(u16))
];
const bits = (...bytes: number[]) => {
  const bitmap = Array.from({ length: 8192 }, (_, i) => bytes[i] ?? 0xff);
  return [...u32(12_346), ...u32(1), ...u16(0), ...u16(65_535), ...u32(16), ...bitmap];
};
const read = (bytes: Uint8Array, most = 1e6) => [...new RoaringReader(bytes).rows(most)];

describe('RoaringReader', () => {
  it('reads arrays, runs and bitmaps, also of more than 32 bits', () => {
    expect(read(portable())).toEqual([]);
    expect(read(portable([0, array(1, 5)], [2, array(7)]))).toEqual([1, 5, 2 * 2 ** 32 + 7]);
    expect(read(portable([0, runs(5, [3, 2], [10, 1])]))).toEqual([3, 4, 5, 10, 11]);
    const found = read(portable([0, bits(0b1010)]));
    expect([found.length, found.slice(0, 3)]).toEqual([65_536 - 6, [1, 3, 8]]);
  });

  it.each<[string, Uint8Array]>([
    ['cut off', portable([0, array(1, 5)]).slice(0, -1)],
    ['longer than it says', Uint8Array.from([...portable([0, array(1)]), 0])],
    ['of an absurd count of bitmaps', Uint8Array.from([...u32(0xffffffff), ...u32(0xffffffff)])],
    ['of an absurd count of containers', portable([0, [...u32(12_346), ...u32(0x7fffffff)]])],
    ['out of order in a container', portable([0, array(5, 1)])],
    ['out of order in its bitmaps', portable([2, array(1)], [1, array(1)])],
    ['of runs that lie on each other', portable([0, runs(4, [3, 5], [4, 1])])],
    ['of runs that leave their container', portable([0, runs(4, [65_535, 5])])],
    ['of another kind', portable([0, u32(99)])],
    ['of more members than are wanted', portable([0, array(...Array.from({ length: 99 }, (_, i) => i))])]
  ])('refuses a bitmap that is %s', (_, bytes) => {
    expect(() => read(bytes, 50)).toThrow();
  });
});
