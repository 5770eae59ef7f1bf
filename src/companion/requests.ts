import { MAX_PREVIEW, TwinstoreError } from '../contract';
import type { IPreviewRequest, IStatisticsRequest, ITableRequest } from '../contract';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

type Body = Readonly<Record<string, unknown>>;

/** The group that a request names. */
export function groupOf(body: unknown): string {
  return optionalText(body, 'group') ?? refuse('The request names no group.', 'Send {"group": "<name>"}.');
}

/** The table that a request names, and its version. */
export function tableOf(body: unknown): ITableRequest {
  const location = optionalText(body, 'location');
  if (location === undefined) {
    return refuse('The request names no table.', 'Send {"location": "<address>"}.');
  }
  const version = optionalCount(body, 'version');
  const atUs = (body as Body)['at_us'];
  if (atUs !== undefined && !Number.isSafeInteger(atUs)) {
    return refuse('`at_us` is no time.', 'Send µs since the epoch as a whole number.');
  }
  if (version !== undefined && atUs !== undefined) {
    return refuse('The request asks for a version and for a time.', 'Send `version` or `at_us`, not both.');
  }
  return {
    location,
    ...(version === undefined ? {} : { version }),
    ...(atUs === undefined ? {} : { at_us: atUs as number })
  };
}

/** What a preview is to show. */
export function previewOf(body: unknown): IPreviewRequest {
  const window = optionalText(body, 'window');
  if (window !== undefined && window !== 'cheapest' && window !== 'first') {
    return refuse(`There is no window ${JSON.stringify(window)}.`, 'Ask for `cheapest` or `first`.');
  }
  const order = orderOf(body);
  const limit = limitOf(body, order.order === undefined ? MAX_PREVIEW.streamed : MAX_PREVIEW.ordered);
  const skip = optionalCount(body, 'skip');
  if (skip !== undefined && skip >= limit) {
    return refuse('The request skips all rows that it asks for.', 'Let `skip` be less than `limit`.');
  }
  const table_id = optionalText(body, 'table_id');
  return {
    ...statisticsOf(body),
    ...order,
    limit,
    ...(skip === undefined ? {} : { skip }),
    ...(table_id === undefined ? {} : { table_id }),
    ...(window === undefined ? {} : { window })
  };
}

/** Of what to make statistics. */
export function statisticsOf(body: unknown): IStatisticsRequest {
  const { columns } = body as Body;
  const isList = Array.isArray(columns) && columns.length > 0 && columns.every(name => typeof name === 'string');
  if (columns !== undefined && !isList) {
    return refuse('`columns` is no list of names.', 'Send the names of one column or more, or leave it out.');
  }
  const where = optionalText(body, 'where');
  return {
    ...tableOf(body),
    ...(columns === undefined ? {} : { columns: columns as string[] }),
    ...(where === undefined || where.trim() === '' ? {} : { where })
  };
}

function orderOf(body: unknown): Pick<IPreviewRequest, 'order'> {
  const { order } = body as Body;
  if (order === undefined) {
    return {};
  }
  const { column, descending } = (order ?? {}) as Body;
  return typeof column === 'string' && typeof descending === 'boolean'
    ? { order: { column, descending } }
    : refuse('`order` is no order.', 'Send {"column": "<name>", "descending": true or false}.');
}

/** How many are asked for at most. */
export function limitOf(body: unknown, most = MAX_LIMIT): number {
  const { limit = DEFAULT_LIMIT } = body as Body;
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > most) {
    return refuse('The limit is no whole number that can be served.', `Ask for 1 to ${most}.`);
  }
  return limit as number;
}

/** A text of a request; undefined when it is not there. */
export function optionalText(body: unknown, name: string): string | undefined {
  const value = (body as Body)[name];
  return value === undefined || typeof value === 'string'
    ? value
    : refuse(`\`${name}\` is not text.`, `Send \`${name}\` as text, or leave it out.`);
}

function optionalCount(body: unknown, name: string): number | undefined {
  const value = (body as Body)[name];
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)
    ? (value as number | undefined)
    : refuse(`\`${name}\` is no whole number from 0 on.`, `Send \`${name}\` as a number, or leave it out.`);
}

/** Throws the error of a request that makes no sense. */
export function refuse(message: string, remedy: string): never {
  throw new TwinstoreError('bad_request', message, remedy);
}
