export { compareValues } from './compare';
export { dateText, jsonReader, textReader, timestampText } from './text';
export { DecimalValue, readerOf, rowsOf, unscaledAt } from './values';
export type { Reader, Row, Value } from './values';
