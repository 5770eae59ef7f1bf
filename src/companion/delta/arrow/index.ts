export { conform, TypeMismatch } from './conform';
export { laidOut, nulls } from './layout';
export { take } from './take';
export { arrowField, arrowType } from './types';
export { DecimalValue, rowsOf } from './values';
export type { Row, Value } from './values';
