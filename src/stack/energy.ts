import { randomFrom } from './random';
import type { Random } from './random';

/** Columns of the input: daily figures of half-hourly smart meters, in kWh. */
export const ENERGY_COLUMNS = [
  'household_id',
  'day',
  'energy_median',
  'energy_mean',
  'energy_max',
  'energy_count',
  'energy_std',
  'energy_sum',
  'energy_min'
] as const;

/** First and last day of the readings. */
export const FIRST_DAY = '2011-11-23';
export const LAST_DAY = '2014-02-28';
/** Households and rows of the whole input, the numbers of the published set that it stands in for. */
export const ALL_HOUSEHOLDS = 5_560;
export const ALL_ROWS = 3_510_433;

/** The part of a household's life that decides which days it has. */
interface ILife {
  /** Days since FIRST_DAY that have readings, ascending. */
  days: number[];
  stopsEarly: boolean;
}

/** What a household uses, and when. */
interface IHabits {
  /** Mean of a half hour over a year, in Wh. */
  meanWh: number;
  /** How much more winter takes than summer, as a share of the mean. */
  season: number;
  weekday: Float64Array;
  weekend: Float64Array;
  /** First days, since FIRST_DAY, of weeks away from home. */
  holidays: number[];
}

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse(FIRST_DAY);
/** 0 is Monday. */
const FIRST_WEEK_DAY = 2;
const DAYS = (Date.parse(LAST_DAY) - FIRST_MS) / DAY_MS + 1;
const HALF_HOURS = 48;

/** Chosen so that the lives of all households together have a little more than ALL_ROWS days … */
const JOIN_WITHIN_DAYS = 387;
/** … and this many: so many households, evenly spread, lack one reading more. */
const SURPLUS = 1_047;

const STOP_EARLY = 0.08;
const GAP_BEGINS = 0.0012;
const GAP_DAYS = 6;
const LOST_READINGS = 0.012;
const ONE_READING = 0.002;

/** Days since FIRST_DAY as ISO text. */
const ISO_DAYS = Array.from({ length: DAYS }, (_, day) => new Date(FIRST_MS + day * DAY_MS).toISOString().slice(0, 10));
const WEATHER = weather();
const NOISE = lognormalQuantiles(4_096, 0.55);

/** Id of a household by its number from 0. */
export function householdId(household: number): string {
  // The published set's numbers start at 2.
  return `MAC${String(household + 2).padStart(6, '0')}`;
}

/** Number of days up to and with an ISO day. Throws RangeError when the day is outside of the readings. */
export function daysUntil(day: string): number {
  const index = ISO_DAYS.indexOf(day);
  if (index < 0) {
    throw new RangeError(`${day} is not a day between ${FIRST_DAY} and ${LAST_DAY}.`);
  }
  return index + 1;
}

/**
 * The rows of one household as CSV lines, each ending in a line break. They depend on the household's number alone:
 * the first households are the same in an input of any size, and an input that ends earlier lacks only later days.
 */
export function householdRows(household: number, until = DAYS): string[] {
  const { days, stopsEarly } = lifeOf(household);
  const random = randomFrom(household, 'readings');
  const habits = habitsOf(randomFrom(household, 'habits'));
  const id = householdId(household);
  const readings = new Float64Array(HALF_HOURS);
  const rows: string[] = [];
  for (const [index, day] of days.entries()) {
    if (day >= until) {
      break;
    }
    const partial = index === 0 || (stopsEarly && index === days.length - 1);
    const count = readingsOfDay(partial, random);
    measure(readings, count, day, habits, random);
    rows.push(`${id},${ISO_DAYS[day] ?? ''},${figures(readings, count)}\n`);
  }
  return rows;
}

function lifeOf(household: number): ILife {
  const random = randomFrom(household, 'life');
  const start = Math.floor(JOIN_WITHIN_DAYS * random() ** 1.3);
  const stopsEarly = random() < STOP_EARLY;
  const stop = stopsEarly ? start + 30 + Math.floor(random() * (DAYS - start - 31)) : DAYS - 1;
  const days: number[] = [];
  for (let day = start; day <= stop; day++) {
    const gap = day > start && random() < GAP_BEGINS ? 1 + Math.floor(random() * GAP_DAYS) : 0;
    day += gap;
    if (day <= stop) {
      days.push(day);
    }
  }
  if ((household * SURPLUS) % ALL_HOUSEHOLDS < SURPLUS) {
    days.splice(1, 1);
  }
  return { days, stopsEarly };
}

function habitsOf(random: Random): IHabits {
  const heatsByNight = random() < 0.07;
  const people = 1 + Math.floor(5 * random() ** 1.8);
  const meanWh = 95 * people ** 0.55 * Math.exp(0.45 * normal(random)) * (heatsByNight ? 1.6 : 1);
  const late = Math.floor(random() * 5) - 2;
  const holidays = Array.from({ length: Math.floor(random() * 5) }, () => Math.floor(random() * DAYS));
  const shape = (peaks: readonly (readonly [hour: number, height: number, width: number])[]): Float64Array =>
    dayShape(heatsByNight ? [...peaks, [3, 2.5, 2]] : peaks, late);
  return {
    meanWh,
    season: heatsByNight ? 0.65 : 0.15 + 0.2 * random(),
    weekday: shape([
      [7.5, 0.8, 1.2],
      [13, 0.3, 3],
      [19, 1.6, 2.2]
    ]),
    weekend: shape([
      [9.5, 0.8, 1.8],
      [13.5, 0.7, 2.5],
      [18.5, 1.5, 2.4]
    ]),
    holidays
  };
}

/** A day's course in half hours, with mean 1: what always runs, and peaks of a height and a width in hours. */
function dayShape(
  peaks: readonly (readonly [hour: number, height: number, width: number])[],
  lateHalfHours: number
): Float64Array {
  const shape = Float64Array.from({ length: HALF_HOURS }, (_, halfHour) => {
    const hour = (halfHour - lateHalfHours) / 2;
    return peaks.reduce((sum, [at, height, width]) => sum + height * Math.exp(-(((hour - at) / width) ** 2)), 0.45);
  });
  const mean = shape.reduce((sum, value) => sum + value, 0) / HALF_HOURS;
  return shape.map(value => value / mean);
}

function readingsOfDay(partial: boolean, random: Random): number {
  const chance = random();
  const share = random();
  if (partial) {
    return 1 + Math.floor(share * (HALF_HOURS - 1));
  }
  if (chance < ONE_READING) {
    return 1;
  }
  return chance < LOST_READINGS ? HALF_HOURS - 1 - Math.floor(share * 8) : HALF_HOURS;
}

/** Fill in the first `count` readings of a day, in Wh. */
function measure(readings: Float64Array, count: number, day: number, habits: IHabits, random: Random): void {
  const weekend = (FIRST_WEEK_DAY + day) % 7 >= 5;
  const shape = weekend ? habits.weekend : habits.weekday;
  const away = habits.holidays.some(first => day >= first && day < first + 7);
  const level =
    habits.meanWh *
    (1 + habits.season * (WEATHER[day] ?? 0)) *
    (weekend ? 1.09 : 1) *
    (away ? 0.3 : 1) *
    Math.exp(0.12 * normal(random));
  for (let halfHour = 0; halfHour < count; halfHour++) {
    const noise = NOISE[Math.floor(random() * NOISE.length)] ?? 1;
    readings[halfHour] = Math.round(level * (away ? 1 : (shape[halfHour] ?? 1)) * noise);
  }
}

/** The figures of one day in the order of the columns; the standard deviation of one reading is empty. */
function figures(readings: Float64Array, count: number): string {
  sort(readings, count);
  let sum = 0;
  let squares = 0;
  for (let index = 0; index < count; index++) {
    const reading = readings[index] ?? 0;
    sum += reading;
    squares += reading * reading;
  }
  const middle = count >> 1;
  const upper = readings[middle] ?? 0;
  const median = count % 2 === 1 ? upper : ((readings[middle - 1] ?? 0) + upper) / 2;
  // Whole Wh: both sums are exact, so nothing is lost by the short formula.
  const std = count > 1 ? kwh(Math.sqrt((squares - (sum * sum) / count) / (count - 1))) : '';
  const last = readings[count - 1] ?? 0;
  return `${median / 1000},${kwh(sum / count)},${last / 1000},${count},${std},${sum / 1000},${(readings[0] ?? 0) / 1000}`;
}

/** By insertion: faster than the built-in sort for a day's 48 numbers, of which there are millions. */
function sort(values: Float64Array, count: number): void {
  for (let index = 1; index < count; index++) {
    const value = values[index] ?? 0;
    let at = index;
    for (let before = values[at - 1] ?? 0; at > 0 && before > value; before = values[at - 1] ?? 0) {
      values[at--] = before;
    }
    values[at] = value;
  }
}

/** Wh in kWh, to the 10 µWh. */
function kwh(wh: number): number {
  return Math.round(wh * 1e5) / 1e8;
}

/** How cold each day is: 1 in a deep winter, -1 in a high summer. The same for all households. */
function weather(): Float64Array {
  const random = randomFrom(0, 'weather');
  let spell = 0;
  return Float64Array.from({ length: DAYS }, (_, day) => {
    spell = 0.8 * spell + 0.12 * normal(random);
    const yearDay = (FIRST_MS / DAY_MS + day - 16) % 365.25;
    return Math.cos((2 * Math.PI * yearDay) / 365.25) + spell;
  });
}

/** Equally likely values of a lognormal distribution with mean 1: drawing one is drawing an index. */
function lognormalQuantiles(length: number, sigma: number): Float64Array {
  const random = randomFrom(0, 'noise');
  const values = Float64Array.from({ length }, () => Math.exp(sigma * normal(random)));
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  return values.map(value => value / mean);
}

/** A draw from the standard normal distribution, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Rows of the first households, without making them. */
export function countRows(households: number, until = DAYS): number {
  let rows = 0;
  for (let household = 0; household < households; household++) {
    const { days } = lifeOf(household);
    rows += until === DAYS ? days.length : days.filter(day => day < until).length;
  }
  return rows;
}
