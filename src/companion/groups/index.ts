export { Catalogue } from './catalogue';
export type { IRootFolder } from './catalogue';
export type { IGroupServices } from './group_folder';
