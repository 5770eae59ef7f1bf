export { compareValues } from './compare';
export { dateText, jsonReader, textReader, timestampText, valueText } from './text';
export { DecimalValue, readerOf, rowsOf, unscaledAt } from './values';
export type { Reader, Row, Value } from './values';
