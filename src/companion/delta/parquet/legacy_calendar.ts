import type { KeyValue } from 'hyparquet';

/** Which values of a file Spark wrote in the calendar that it had before version 3: Julian up to 1582. */
export interface ILegacyCalendar {
  /** Dates, and timestamps that are not INT96. */
  dateTime: boolean;
  int96: boolean;
}

/** By the marks that Spark leaves in a footer, as Spark itself takes them. */
export function legacyCalendarOf(pairs: readonly KeyValue[] = []): ILegacyCalendar {
  const told = new Map(pairs.map(({ key, value }) => [key, value]));
  const version = told.get('org.apache.spark.version');
  const isBefore = (since: string) => version !== undefined && version < since;
  return {
    dateTime: isBefore('3.0.0') || told.has('org.apache.spark.legacyDateTime'),
    int96: isBefore('3.1.0') || told.has('org.apache.spark.legacyINT96')
  };
}
