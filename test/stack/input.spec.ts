import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IJobProgress } from '../../src/contract';
import { ENERGY_COLUMNS } from '../../src/stack/energy';
import { inputWish, provideInput } from '../../src/stack/input';
import { folderTarget } from '../../src/stack/input_target';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'input-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const quiet = (): void => undefined;
/** Ends early, so that there is little to write. */
const SOON = '2012-01-31';
const provide = (households: number, until = SOON): ReturnType<typeof provideInput> =>
  provideInput(inputWish(households, until), folderTarget(folder), quiet);

function lines(): string[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.csv'))
    .sort()
    .flatMap(name => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
    .filter(line => line !== ENERGY_COLUMNS.join(','));
}

test('the input is CSV files with a header, as many rows as it says, and told while it is written', async () => {
  const steps: IJobProgress[] = [];
  const { rows, how } = await provideInput(inputWish(101, SOON), folderTarget(folder), step => steps.push(step));
  expect(how).toBe('written');
  expect(readdirSync(folder).sort()).toEqual(['_input.json', 'part-00000.csv', 'part-00001.csv']);
  expect(readFileSync(join(folder, 'part-00001.csv'), 'utf8')).toMatch(/^household_id,day,energy_median,.*\nMAC000/);
  expect(lines()).toHaveLength(rows ?? 0);
  expect(steps.at(-1)).toMatchObject({ done: rows, total: rows, unit: 'rows' });
});

test('a second call finds the input', async () => {
  const first = await provide(3);
  writeFileSync(join(folder, 'part-00000.csv'), 'untouched');
  expect(await provide(3)).toEqual({ ...first, how: 'found' });
  expect(readFileSync(join(folder, 'part-00000.csv'), 'utf8')).toBe('untouched');
});

test('another size replaces the input, and the first households stay as they were', async () => {
  await provide(105);
  const many = lines();
  expect((await provide(2)).how).toBe('written');
  expect(readdirSync(folder).sort()).toEqual(['_input.json', 'part-00000.csv']);
  expect(lines()).toEqual(many.slice(0, lines().length));
});

test('one day more adds that day and changes nothing else', async () => {
  await provide(40, '2012-01-30');
  const before = lines();
  await provide(40, '2012-01-31');
  const added = lines().filter(line => !before.includes(line));
  expect(added.length).toBeGreaterThan(3);
  expect(added.every(line => line.includes(',2012-01-31,'))).toBe(true);
  expect(lines().length).toBe(before.length + added.length);
});

test('files of the user are left alone', async () => {
  writeFileSync(join(folder, 'mine.parquet'), 'data');
  expect(await provide(2)).toMatchObject({ how: 'own', rows: null });
  expect(readdirSync(folder)).toEqual(['mine.parquet']);
});

test('an input that was cut short is made again', async () => {
  const target = folderTarget(folder);
  const full = {
    ...target,
    write: (name: string, content: Buffer) =>
      name === 'part-00001.csv' ? Promise.reject(new Error('disk full')) : target.write(name, content)
  };
  await expect(provideInput(inputWish(102, SOON), full, quiet)).rejects.toThrow('disk full');
  const again = await provide(102);
  expect(again.how).toBe('written');
  expect(lines()).toHaveLength(again.rows ?? 0);
});

test('writing stops when it is told to', async () => {
  const aborted = provideInput(inputWish(2), folderTarget(folder), quiet, AbortSignal.abort());
  await expect(aborted).rejects.toThrow(/abort/i);
});

test.each([
  [0, undefined],
  [5_561, undefined],
  [2.5, undefined],
  [2, '2014-03-01'],
  [2, 'yesterday']
])('%s households until %s are refused', (households, until) => {
  expect(() => inputWish(households, until)).toThrow(expect.objectContaining({ code: 'bad_request' }));
});
