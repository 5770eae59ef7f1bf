// All of this is imported where rows are first shown, never at the start: it brings Arrow and the grid along.
export * from './arrow_grid';
export * from './arrow_rows';
export * from './columns';
export { PLAIN_ROWS } from './plain_table';
export * from './read_rows';
export * from './sort';
