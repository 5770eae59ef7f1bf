export { clientOptions, OnlineStore } from './online_store';
export type { ILogin } from './online_store';
export { readOnlineTables } from './online_table';
export type { IOnlineTable, IOnlineTables } from './online_table';
