export * from './answers';
export * from './errors';
export * from './frames';
export * from './group_state';
export * from './jobs';
export * from './schemas';
export * from './tables';
export * from './version';
export type * from './types';
