export * from './answers';
export * from './errors';
export * from './group_state';
export * from './jobs';
export type * from './types';
