import { createHash } from 'node:crypto';
import {
  ALL_HOUSEHOLDS,
  ALL_ROWS,
  ENERGY_COLUMNS,
  FIRST_DAY,
  LAST_DAY,
  countRows,
  daysUntil,
  householdId,
  householdRows
} from '../../src/stack/energy';

const HOUSEHOLDS = 60;

interface IRow {
  id: string;
  day: string;
  median: number;
  mean: number;
  max: number;
  count: number;
  std: number | null;
  sum: number;
  min: number;
}

function parse(line: string): IRow {
  const [id = '', day = '', median, mean, max, count, std, sum, min] = line.trimEnd().split(',');
  return {
    id,
    day,
    median: Number(median),
    mean: Number(mean),
    max: Number(max),
    count: Number(count),
    std: std === '' ? null : Number(std),
    sum: Number(sum),
    min: Number(min)
  };
}

const byHousehold = Array.from({ length: HOUSEHOLDS }, (_, household) => householdRows(household).map(parse));
const rows = byHousehold.flat();

function average(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test('the whole input has exactly the rows of the published set, and smaller ones their share', () => {
  expect(countRows(ALL_HOUSEHOLDS)).toBe(ALL_ROWS);
  expect(ALL_ROWS).toBe(3_510_433);
  expect(Math.abs(countRows(200) - 126_000)).toBeLessThan(2_000);
});

test('counting rows agrees with making them, also for an input that ends earlier', () => {
  expect(countRows(HOUSEHOLDS)).toBe(rows.length);
  const until = daysUntil('2013-06-30');
  const early = Array.from({ length: 10 }, (_, household) => householdRows(household, until)).flat();
  expect(countRows(10, until)).toBe(early.length);
});

test('an input that ends earlier lacks later days and is the same otherwise', () => {
  for (const household of [0, 7, 42]) {
    const earlier = householdRows(household, daysUntil('2013-12-31'));
    expect(earlier).toEqual(householdRows(household).slice(0, earlier.length));
    expect(parse(earlier.at(-1) ?? '').day <= '2013-12-31').toBe(true);
  }
});

test('the rows are the same for ever', () => {
  const sum = createHash('sha256');
  [0, 1, 2, 199, 5_559].flatMap(household => householdRows(household)).forEach(row => sum.update(row));
  expect(sum.digest('hex')).toBe('9696f420fea0ad26ebca880a52f4069f0b2888066c6a8380add0d48ef3d4fdf6');
});

test('ids look like the published ones, days lie within the span and come once each, in order', () => {
  expect(householdId(0)).toBe('MAC000002');
  expect(householdId(ALL_HOUSEHOLDS - 1)).toBe('MAC005561');
  byHousehold.forEach((own, household) => {
    const days = own.map(({ day }) => day);
    expect(days).toEqual([...new Set(days)].sort());
    expect(days.every(day => day >= FIRST_DAY && day <= LAST_DAY)).toBe(true);
    expect(own.every(({ id }) => id === householdId(household))).toBe(true);
  });
  expect(() => daysUntil('2014-03-01')).toThrow('not a day between 2011-11-23 and 2014-02-28');
});

test('the figures of a day fit together', () => {
  for (const { median, mean, max, count, std, sum, min } of rows) {
    expect(min <= median && median <= max && min <= mean && mean <= max && min >= 0).toBe(true);
    expect(Math.abs(sum - mean * count)).toBeLessThan(1e-5);
    expect(std === null).toBe(count === 1);
    expect(std ?? 0).toBeLessThanOrEqual((max - min) * Math.sqrt(count / 4 / Math.max(1, count - 1)) + 1e-6);
    expect(count >= 1 && count <= 48).toBe(true);
  }
  expect(ENERGY_COLUMNS).toHaveLength(9);
});

test('most days are whole, some lack readings, and a few have a single one', () => {
  const share = (wanted: (row: IRow) => boolean): number => rows.filter(wanted).length / rows.length;
  expect(share(({ count }) => count === 48)).toBeGreaterThan(0.97);
  expect(share(({ count }) => count < 48)).toBeGreaterThan(0.005);
  expect(rows.filter(({ std }) => std === null).length).toBeGreaterThan(20);
});

test('winter takes more than summer, and weekends more than working days', () => {
  const inMonths = (...months: string[]): number =>
    average(rows.filter(({ day, count }) => count === 48 && months.includes(day.slice(5, 7))).map(({ sum }) => sum));
  expect(inMonths('12', '01', '02') / inMonths('06', '07', '08')).toBeGreaterThan(1.4);
  const weekend = ({ day }: IRow): boolean => [0, 6].includes(new Date(day).getUTCDay());
  const onWeekends = average(rows.filter(weekend).map(({ mean }) => mean));
  const onWorkingDays = average(rows.filter(row => !weekend(row)).map(({ mean }) => mean));
  expect(onWeekends / onWorkingDays).toBeGreaterThan(1.04);
});

test('households differ in size, start at different times, and some stop early or have gaps', () => {
  const means = byHousehold.map(own => average(own.map(({ sum }) => sum))).sort((a, b) => a - b);
  expect((means[Math.floor(0.9 * HOUSEHOLDS)] ?? 0) / (means[Math.floor(0.1 * HOUSEHOLDS)] ?? 1)).toBeGreaterThan(2);
  const starts = new Set(byHousehold.map(own => own[0]?.day.slice(0, 7)));
  expect(starts.size).toBeGreaterThan(8);
  const stopped = byHousehold.filter(own => own.at(-1)?.day !== LAST_DAY).length;
  expect(stopped).toBeGreaterThan(HOUSEHOLDS * 0.02);
  expect(stopped).toBeLessThan(HOUSEHOLDS * 0.2);
  const span = (own: IRow[]): number => daysUntil(own.at(-1)?.day ?? '') - daysUntil(own[0]?.day ?? '') + 1;
  expect(byHousehold.filter(own => own.length < span(own)).length).toBeGreaterThan(HOUSEHOLDS * 0.2);
});
