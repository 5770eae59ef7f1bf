export { conform, TypeMismatch } from './conform';
export { ipcStream } from './ipc_stream';
export { laidOut, nulls } from './layout';
export { take } from './take';
export { jsonReader, textReader, timestampText } from './text';
export { arrowField, arrowType } from './types';
export { DecimalValue, readerOf, rowsOf } from './values';
export type { Row, Value } from './values';
