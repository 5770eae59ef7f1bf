export { compareValues } from './compare';
export { cutText, jsonReader, startReader, textReader, valueText } from './text';
export { dateText, timestampText } from './times';
export { DecimalValue, readerOf, rowsOf, unscaledAt, validityOf } from './values';
export type { Reader, Row, Value } from './values';
