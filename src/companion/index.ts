export { Redactor } from './redaction';
export { CurrentServices } from './services';
export type { IServiceContext, IServices } from './services';
