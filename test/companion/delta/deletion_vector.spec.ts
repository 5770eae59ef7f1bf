import { join } from 'node:path';

import { readDeletionVector } from '../../../src/companion/delta/deletion_vector';
import { openSnapshot, rowsOf, Scan } from '../../../src/companion/delta';
import { z85 } from '../../../src/companion/delta/z85';
import { add, field, metaData, toParquet, write, writeCommit } from '../support/delta_files';
import { ALIVE, localEngine } from '../support/engine';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

/** The rows 3, 4, 7, 11, 18 and 29. */
const INLINE = '^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L';
const ROWS = [3, 4, 7, 11, 18, 29];
/** A UUID and its text as PROTOCOL.md (Deletion Vectors) gives them. */
const UUID = 'd2c639aa-8816-431a-aaf6-d3fe2512ff61';
const UUID_TEXT = '^-aqEH.-t@S}K{vb[*k^';
const VECTOR = Buffer.from(z85(INLINE) ?? []);
const SIZE = VECTOR.length;

afterAll(removeTemporaryFolders);
let table: string;
beforeEach(() => (table = temporaryFolder()));

const read = (vector: object) =>
  readDeletionVector(
    localEngine(table).store,
    table,
    { storageType: 'i', pathOrInlineDv: INLINE, offset: null, sizeInBytes: SIZE, cardinality: 6, ...vector },
    ALIVE
  ).then(rows => [...rows]);

/** CRC-32 of `VECTOR`, as other tools give it. */
const CRC = 0xacd74a79;

function stored(harm: (bytes: Buffer) => void = () => {}): Buffer {
  const bytes = Buffer.concat([Buffer.of(1), Buffer.alloc(4), VECTOR, Buffer.alloc(4)]);
  bytes.writeUInt32BE(SIZE, 1);
  bytes.writeUInt32BE(CRC, 5 + SIZE);
  harm(bytes);
  return bytes;
}

describe('a deletion vector', () => {
  it('lies in the log', async () => {
    expect(await read({})).toEqual(ROWS);
    // Z85 needs whole words: these two bytes more are none of the vector.
    const padded = '^Bg9^0rr910000000000iXQKl0rr91000625c8Xg0rri41POJ5';
    expect(await read({ pathOrInlineDv: padded, sizeInBytes: 38, cardinality: 3 })).toEqual([1, 3, 5]);
  });

  it('of the big-endian layout that PROTOCOL.md shows is refused, as Spark refuses it', async () => {
    const shown = 'wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L';
    await expect(read({ pathOrInlineDv: shown, sizeInBytes: 40 })).rejects.toThrow(/number of its format/);
  });

  it.each([
    ['beside the data', 'u', UUID_TEXT, `deletion_vector_${UUID}.bin`],
    ['in a folder of random name', 'u', `ab${UUID_TEXT}`, `ab/deletion_vector_${UUID}.bin`],
    ['at an absolute path', 'p', null, 'anywhere.bin']
  ])('lies in a file %s', async (_, storageType, name, path) => {
    write(join(table, path), stored());
    const pathOrInlineDv = name ?? `file://${join(table, path)}`;
    expect(await read({ storageType, pathOrInlineDv, offset: 1 })).toEqual(ROWS);
  });

  it.each<[string, (bytes: Buffer) => void, object, RegExp]>([
    ['another checksum', bytes => bytes.writeUInt8(0x7f, 20), {}, /has another checksum at 1/],
    ['another size in the file', bytes => bytes.writeUInt32BE(9, 1), {}, /has 9 bytes at 1 where the log says/],
    ['another offset', () => {}, { offset: 2 }, /bytes where|where the log says|expected/],
    ['more rows than the log says', () => {}, { cardinality: 5 }, /not a sound bitmap/],
    ['fewer rows than the log says', () => {}, { cardinality: 7 }, /deletes 6 rows where the log says 7/],
    ['an absurd size', () => {}, { sizeInBytes: 2 ** 40 }, /claims 1099511627776 bytes/]
  ])('is refused for %s', async (_, harm, change, message) => {
    write(join(table, `deletion_vector_${UUID}.bin`), stored(harm));
    const wanted = { storageType: 'u', pathOrInlineDv: UUID_TEXT, offset: 1, ...change };
    await expect(read(wanted)).rejects.toMatchObject({ code: 'store_failed', message: expect.stringMatching(message) });
  });

  it.each([
    ['no Z85', { pathOrInlineDv: 'a b' }, /is not Z85 text/],
    ['another size', { sizeInBytes: SIZE - 4 }, new RegExp(`has ${SIZE} bytes where the log says ${SIZE - 4}`)],
    ['a way to store it that is not known', { storageType: 'x' }, /stored in the way "x"/],
    ['a folder that leads out', { storageType: 'u', pathOrInlineDv: `../${UUID_TEXT}` }, /leads nowhere/],
    ['a name that is no UUID', { storageType: 'u', pathOrInlineDv: 'short' }, /leads nowhere/]
  ])('is refused for %s', async (_, change, message) => {
    await expect(read(change)).rejects.toMatchObject({ code: 'store_failed', message: expect.stringMatching(message) });
  });

  it('that is missing is named', async () => {
    const wanted = { storageType: 'u', pathOrInlineDv: UUID_TEXT, offset: 1 };
    await expect(read(wanted)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining(UUID) });
  });

  it('is refused in one error whatever byte of it is changed', async () => {
    const place = join(table, 'x.bin');
    for (let at = 0; at < SIZE; at++) {
      const bytes = Buffer.from(VECTOR);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x41, at);
      write(place, bytes);
      const outcome = await read({ pathOrInlineDv: toZ85(bytes) }).catch((error: unknown) => String(error));
      expect(typeof outcome === 'string' ? outcome : outcome.length).toEqual(
        typeof outcome === 'string' ? expect.stringMatching(/deletion vector of the log of/) : 6
      );
    }
  });

  it('takes its rows away before a limit counts', async () => {
    const file = toParquet(Array.from({ length: 40 }, (_, i) => ({ id: BigInt(i) })));
    write(join(table, 'a'), file);
    const deletionVector = { storageType: 'i', pathOrInlineDv: INLINE, sizeInBytes: SIZE, cardinality: 6 };
    const protocol = { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['deletionVectors'] };
    writeCommit(table, 0, [
      { protocol: { ...protocol, writerFeatures: protocol.readerFeatures } },
      metaData([field('id', 'long')]),
      add('a', { size: file.length, deletionVector })
    ]);
    const engine = localEngine(table);
    const snapshot = await openSnapshot(engine, table, null, ALIVE);
    const live = Array.from({ length: 40 }, (_, i) => i).filter(i => !ROWS.includes(i));
    for (const limit of [1, 3, 4, 30, 34, 99]) {
      const found: number[] = [];
      for await (const { data } of new Scan(engine, snapshot as never, { limit }).batches(ALIVE)) {
        found.push(...rowsOf(data).map(({ id }) => Number(id)));
      }
      expect(found).toEqual(live.slice(0, limit));
    }
  });
});

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

function toZ85(bytes: Buffer): string {
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32BE(4 * i))
    .map(word => [4, 3, 2, 1, 0].map(power => ALPHABET[Math.floor(word / 85 ** power) % 85]).join(''))
    .join('');
}
