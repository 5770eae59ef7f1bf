export type { IAccounts } from './auth';
export type { IReport } from './engine';
export { DEFAULT_PARTITIONER } from './rules';
export type { IRules, IThrottle, RuleChanges } from './rules';
export { FakeCqlServer } from './server';
export type { IOptions } from './server';
