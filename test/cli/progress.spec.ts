import { PassThrough } from 'node:stream';
import { ProgressLine, describe as inWords } from '../../src/cli/progress';
import { duration } from '../../src/cli/words';

const step = (stage: string, done: number): Parameters<typeof inWords>[0] => ({ stage, done, total: 4, unit: 'rows' });

test('on a terminal the line is drawn again, no wider than the window, and taken away at the end', () => {
  const out = Object.assign(new PassThrough(), { isTTY: true, columns: 20 });
  const line = new ProgressLine(out);
  line.show(step('Writing', 1));
  line.show(step('Writing', 4));
  line.end();
  const drawn = String(out.read()).split('\r\x1b[2K');
  expect(drawn).toHaveLength(4);
  expect(drawn.every(text => text.length < 20)).toBe(true);
  expect(drawn.at(-1)).toBe('');
});

test('elsewhere there is a line at once, and no more than one in a while', () => {
  const out = new PassThrough();
  let now = 0;
  const line = new ProgressLine(out, () => now);
  for (; now < 10_000; now += 100) {
    line.show(step('Writing', 1));
  }
  line.show(step('Reading', 2));
  expect(String(out.read()).match(/Writing|Reading/g)).toEqual(['Writing', 'Writing', 'Reading']);
});

test('a stage that counts in its words is one stage', () => {
  const out = new PassThrough();
  let now = 0;
  const line = new ProgressLine(out, () => now);
  for (; now < 10_000; now += 1_000) {
    line.show(step(`cell 2 of 8 · waiting for ada: ${now / 1_000} s`, 1));
  }
  expect(String(out.read()).match(/\d+ s/g)).toEqual(['0 s', '5 s']);
});

test('a point of progress is a bar where the total is known, and a count where not', () => {
  expect(inWords(step('Writing', 2))).toBe('Writing  ████████████░░░░░░░░░░░░  2 of 4 rows');
  expect(inWords({ stage: 'Reading', done: 1500, total: null, unit: 'rows' })).toBe('Reading  1,500 rows');
  expect(inWords({ stage: 'Starting', done: 0, total: null, unit: '' })).toBe('Starting');
  expect(inWords({ stage: 'Comparing', done: 25, total: 100, unit: '%' })).toMatch(/░ {2}25 %$/);
  const bytes = { stage: 'Downloading jars', done: 2 ** 20, total: 2 ** 21, unit: 'bytes' };
  expect(inWords(bytes)).toContain('1 MiB of 2 MiB');
});

test('durations are as exact as they are of use', () => {
  expect([4.24, 59, 190, 7500].map(duration)).toEqual(['4.2 s', '59.0 s', '3 min 10 s', '2 h 5 min']);
});
