import { Float64, Int64, Table, Utf8, vectorFromArray } from 'apache-arrow';
import type { DataType } from 'apache-arrow';
import { WriterPropertiesBuilder } from 'parquet-wasm/node';

import type { Row } from '../../../src/companion/delta';
import { arrowToParquet, field, metaData, writeCommit } from './delta_files';
import type { ActionJson } from './delta_files';
import { READER_3, ScannedTable } from './scanned_table';

/** Numbers in [0, 1) that are the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A deletion vector in the log, of these rows. */
const DELETED = [3, 4, 7, 11, 18, 29];
const VECTOR = {
  storageType: 'i',
  pathOrInlineDv: '^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L',
  sizeInBytes: 44,
  cardinality: 6
};

const TYPES: Readonly<Record<string, [string, DataType]>> = {
  key: ['string', new Utf8()],
  n: ['long', new Int64()],
  v: ['double', new Float64()],
  created: ['long', new Int64()],
  id: ['long', new Int64()],
  text: ['string', new Utf8()]
};

/**
 * A table of random files: pages and row groups of any size, with dictionaries and without, with statistics and without,
 * some with a deletion vector. `id` counts all rows; `key`, `n` and `created` have few values, `v` has nulls, NaN and
 * negative zero.
 */
export function randomTable(seed: number): { table: ScannedTable; rows: Row[] } {
  const random = randomOf(seed);
  const whole = (below: number) => Math.floor(random() * below);
  const pick = <T>(...of: T[]) => of[whole(of.length)] as T;
  const table = new ScannedTable();
  const rows: Row[] = [];
  let id = 0;
  const files = Array.from({ length: 1 + whole(5) }, (_, f): ActionJson => {
    const spread = pick(3, 1000);
    const own = Array.from({ length: pick(0, 1, 40, 300) }, (): Row => {
      const v = pick(null, NaN, -0, whole(50) / 4, whole(50) / 4, -whole(50));
      const key = pick(null, ...Array.from({ length: 8 }, (__, i) => `key ${i}`));
      const n = pick(null, BigInt(whole(spread)), BigInt(f * spread + whole(spread)), BigInt(whole(spread)));
      return { key, n, v, created: pick(null, BigInt(whole(3))), id: BigInt(id++), text: 'x'.repeat(whole(30)) };
    });
    const properties = new WriterPropertiesBuilder()
      .setDataPageSizeLimit(pick(64, 400, 100_000))
      .setDictionaryPageSizeLimit(pick(20, 200, 100_000))
      .setWriteBatchSize(pick(2, 10, 64))
      .setMaxRowGroupSize(pick(7, 60, 10_000))
      .setDictionaryEnabled(random() < 0.7)
      .build();
    const columns = Object.entries(TYPES).map(([name, [, type]]) => [
      name,
      vectorFromArray(
        own.map(row => row[name] ?? null),
        type
      )
    ]);
    const bytes = arrowToParquet(new Table(Object.fromEntries(columns)), properties);
    const isCut = own.length >= 40 && random() < 0.4;
    rows.push(...own.filter((__, i) => !isCut || !DELETED.includes(i)));
    return table.dataFile(`f${f}`, bytes, {
      ...(random() < 0.8 ? { stats: statisticsOf(own) } : {}),
      ...(isCut ? { deletionVector: VECTOR } : {})
    });
  });
  const fields = Object.entries(TYPES).map(([name, [type]]) => field(name, type));
  writeCommit(table.location, 0, [READER_3, metaData(fields), ...files]);
  return { table, rows };
}

function statisticsOf(rows: readonly Row[]): string {
  const numbers = rows.flatMap(({ n }) => (n === null ? [] : [Number(n)]));
  const texts = rows.flatMap(({ key }) => (key === null ? [] : [String(key)])).sort();
  const bounds = (n: number, key: string | undefined) => (numbers.length > 0 && key !== undefined ? { n, key } : {});
  return JSON.stringify({
    numRecords: rows.length,
    minValues: bounds(Math.min(...numbers), texts[0]),
    maxValues: bounds(Math.max(...numbers), texts.at(-1)),
    nullCount: { n: rows.length - numbers.length }
  });
}
