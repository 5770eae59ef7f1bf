import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** A bundle that `npm run build:node` made. */
export function bundle(name: 'companion' | 'cli' | 'worker'): string {
  const path = resolve(__dirname, '..', '..', '..', 'python-helpers', 'twinstore', '_node', `${name}.js`);
  if (!existsSync(path)) {
    throw new Error(`${path} does not exist: run \`npm run build:node\` first.`);
  }
  return path;
}
