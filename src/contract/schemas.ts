import configSchema from './config.schema.json';
import groupSchema from './group.schema.json';
import parityReportSchema from './parity_report.schema.json';
import receiptSchema from './receipt.schema.json';
import routes from './routes.json';

/** A JSON Schema of an object. */
export interface IObjectSchema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly [keyword: string]: unknown;
}

/** The settings (`twinstore.toml`). */
export const CONFIG_SCHEMA: IObjectSchema = configSchema;
/** `FeatureGroupDefinition`. */
export const GROUP_SCHEMA: IObjectSchema = groupSchema;
/** `ParityReport`. */
export const PARITY_REPORT_SCHEMA: IObjectSchema = parityReportSchema;
/** `Receipt`. */
export const RECEIPT_SCHEMA: IObjectSchema = receiptSchema;

/** A route of the server or of the companion; `action` says which permission it needs. */
export interface IRoute {
  path: string;
  method: string;
  action: string;
}

/** Every route there is, by who serves it. */
export const ROUTES: Readonly<Record<'server' | 'companion', readonly IRoute[]>> = routes;
