import { GROUP_SCHEMA, PARITY_REPORT_SCHEMA, RECEIPT_SCHEMA, TwinstoreError } from '../../contract';
import type { FeatureGroupDefinition, IObjectSchema, ParityReport, Receipt } from '../../contract';
import type { Row, Value } from '../delta';
import { jsonSchema } from '../json_schema';

/** One row of `failed_rows`. */
export interface IFailedRow {
  tableId: string;
  /** Key as JSON text. */
  key: string;
  version: number;
  atUs: number;
}

/** One row of `proofs`; the report is parsed only where it is shown. */
export interface IProofRow {
  id: string;
  tableId: string;
  verdict: string;
  /** `full`, `changed` or `sampled`. */
  how: string;
  version: number | null;
  atUs: number;
  report: () => ParityReport;
}

const checkGroup = jsonSchema<FeatureGroupDefinition>(GROUP_SCHEMA);
const checkReceipt = jsonSchema<Receipt>(RECEIPT_SCHEMA);
const checkReport = jsonSchema<ParityReport>(PARITY_REPORT_SCHEMA);

/** The definition in a table's properties. */
export function toDefinition(text: string, table: string): FeatureGroupDefinition {
  return checkGroup(fromJson(text, table, 'twinstore.definition'), problems => refuse(table, problems));
}

/** @param table What errors call the receipts table. */
export function toReceipt(row: Row, table: string): Receipt {
  const durations = fromJson(text(row, 'durations_s', table), table, 'durations_s');
  // Whatever is a row of the table is kept.
  const receipt = only(RECEIPT_SCHEMA, { ...plain(row), durations_s: durations, kept: true });
  return checkReceipt(receipt, problems => refuse(table, problems));
}

/** @param table What errors call the proofs table. */
export function toProofRow(row: Row, table: string): IProofRow {
  const coverage = fromJson(text(row, 'coverage', table), table, 'coverage') as { how?: unknown } | null;
  const report = text(row, 'report', table);
  const version = row['version'] ?? null;
  return {
    id: text(row, 'id', table),
    tableId: text(row, 'table_id', table),
    verdict: text(row, 'verdict', table),
    how: String(coverage?.how),
    version: version === null ? null : whole(row, 'version', table),
    atUs: whole(row, 'at_us', table),
    report: () => checkReport(fromJson(report, table, 'report'), problems => refuse(table, problems))
  };
}

/** @param table What errors call the table of failed rows. */
export function toFailedRow(row: Row, table: string): IFailedRow {
  return {
    tableId: text(row, 'table_id', table),
    key: text(row, 'key', table),
    version: whole(row, 'version', table),
    atUs: whole(row, 'at_us', table)
  };
}

/** Columns that the schema knows: a newer writer may have added others. */
function only(schema: IObjectSchema, value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(schema.properties).map(name => [name, value[name] ?? null]));
}

/** A row as JSON would have it. Integers beyond 2^53 stay what they are, and the schema refuses them. */
function plain(value: Row): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plainValue(item)]));
}

function plainValue(value: Value): unknown {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  if (Array.isArray(value)) {
    return value.map(plainValue);
  }
  if (value instanceof Map) {
    return plain(Object.fromEntries(value) as Row);
  }
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) ? plain(value as Row) : value;
}

function text(row: Row, column: string, table: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : refuse(table, `${column} must be text`);
}

function whole(row: Row, column: string, table: string): number {
  const value = plainValue(row[column] ?? null);
  return Number.isSafeInteger(value) ? (value as number) : refuse(table, `${column} must be a whole number`);
}

function fromJson(value: string, table: string, name: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return refuse(table, `${name} is not JSON`);
  }
}

function refuse(table: string, problems: string): never {
  throw new TwinstoreError(
    'store_failed',
    `${table} holds a record that cannot be read: ${problems}.`,
    'Check which version of twinstore wrote it.'
  );
}
