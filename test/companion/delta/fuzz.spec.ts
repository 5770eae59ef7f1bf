import { tableFromIPC } from 'apache-arrow';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { openSnapshot, rowsOf, Scan } from '../../../src/companion/delta';
import type { Row } from '../../../src/companion/delta';
import { ALIVE, localEngine } from '../support/engine';
import { multiset } from '../support/multiset';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

/** More and others by `FUZZ_TABLES` and `FUZZ_SEED`; a table that differs is named by its number. */
const TABLES = Number(process.env['FUZZ_TABLES'] ?? 280);
const SEED = process.env['FUZZ_SEED'] ?? '1';

afterAll(removeTemporaryFolders);

test(
  `${TABLES} random tables are read as deltalake, which wrote them, reads them`,
  async () => {
    const folder = temporaryFolder();
    execFileSync('python', [resolve(__dirname, 'fuzz_tables.py'), folder, String(TABLES), SEED], { stdio: 'inherit' });
    let compared = 0;
    for (let n = 0; n < TABLES; n++) {
      for (const file of readdirSync(join(folder, `${n}`)).filter(name => name.endsWith('.arrow'))) {
        const version = Number(file.split('.')[0]);
        const { batches } = tableFromIPC(readFileSync(join(folder, `${n}`, file)));
        // Arrow gives a table without rows one batch whose nested columns have no children.
        const wanted = batches.flatMap(({ data, numRows }) => (numRows === 0 ? [] : rowsOf(data)));
        const found = await rows(join(folder, `${n}`, 'table'), version);
        expect([n, version, multiset(found)]).toEqual([n, version, multiset(wanted)]);
        compared += found.length;
      }
    }
    expect(compared).toBeGreaterThan(TABLES);
  },
  60_000 + TABLES * 1_000
);

async function rows(table: string, version: number): Promise<Row[]> {
  const engine = localEngine(table);
  const snapshot = await openSnapshot(engine, table, version, ALIVE);
  if (snapshot === null) {
    throw new Error(`${table} is no table`);
  }
  const found: Row[] = [];
  for await (const { data } of new Scan(engine, snapshot).batches(ALIVE)) {
    found.push(...rowsOf(data));
  }
  return found;
}
