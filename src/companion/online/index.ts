export { clientOptions, OnlineStore } from './online_store';
export type { ILogin } from './online_store';
export { readOnlineTable } from './online_table';
export type { IOnlineTable } from './online_table';
