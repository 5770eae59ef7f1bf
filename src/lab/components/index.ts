export * from './clock';
export * from './error_notice';
export * from './glyph';
export * from './marks';
export * from './polled';
export * from './progress';
export * from './roving_list';
