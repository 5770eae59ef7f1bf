export { Catalogue } from './catalogue';
export type { IRootFolder } from './catalogue';
export { definitionOf, isGroup } from './definition';
export type { IGroupServices } from './group_folder';
export { Receipts } from './receipts';
export { watermark } from './watermark';
