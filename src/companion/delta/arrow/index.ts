export { concat } from './concat';
export {
  DecimalValue,
  jsonReader,
  readerOf,
  rowsOf,
  textReader,
  timestampText,
  validityOf,
  valueText
} from '../../../arrow';
export type { Reader, Row, Value } from '../../../arrow';
export { conform, FIELD_ID, TypeMismatch } from './conform';
export { ipcStream } from './ipc_stream';
export { laidOut, nulls } from './layout';
export { hasLegacyValue } from './legacy_values';
export { hasLongValue, MAX_VALUE_BYTES } from './long_values';
export { take } from './take';
export { arrowField, arrowType } from './types';
