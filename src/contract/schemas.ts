import configSchema from './config.schema.json';
import routes from './routes.json';

/** JSON Schema of the settings (`twinstore.toml`). */
export const CONFIG_SCHEMA: object = configSchema;

/** A route of the server or of the companion; `action` says which permission it needs. */
export interface IRoute {
  path: string;
  method: string;
  action: string;
}

/** Every route there is, by who serves it. */
export const ROUTES: Readonly<Record<'server' | 'companion', readonly IRoute[]>> = routes;
