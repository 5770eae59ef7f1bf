import { Field, Struct } from 'apache-arrow';
import type { Data } from 'apache-arrow';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';

import { rowsOf } from '../../../src/companion/delta';
import type { Row } from '../../../src/companion/delta';
import { laidOut } from '../../../src/companion/delta/arrow';
import { ParquetFile } from '../../../src/companion/delta/parquet';
import type { IParquetDecoder } from '../../../src/companion/delta/parquet';
import { ALIVE, localEngine } from './engine';

/** All rows of a Parquet file, as its own schema has them. */
export async function parquetRows(path: string, by?: IParquetDecoder, signal = ALIVE): Promise<Row[]> {
  const { store, decoder } = localEngine(dirname(path));
  const file = await ParquetFile.open(store, by ?? decoder, path, statSync(path).size, signal);
  const groups = file.rowGroups.map(async ({ rows }, group) => {
    const found = await file.read(file.columns, { group, first: 0, take: rows, batchRows: rows }, signal);
    const columns = found.map(([batch]) => batch as Data);
    const type = new Struct(
      file.columns.map(({ element }, i) => new Field(element.name, (columns[i] as Data).type, true))
    );
    return rowsOf(laidOut(type, rows, { nullCount: 0, children: columns }));
  });
  return (await Promise.all(groups)).flat();
}
