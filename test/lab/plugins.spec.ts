import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import plugins from '../../src/index';
import { APPEARANCE_DEFAULTS } from '../../src/lab/shell/appearance';

const SCHEMAS = resolve(__dirname, '../../schema');

describe('plugins', () => {
  it('have a schema for a plugin of theirs only', () => {
    const ids = plugins.map(({ id }) => id);
    for (const file of readdirSync(SCHEMAS)) {
      expect(ids).toContain(`jupyterlab-twinstore:${file.replace('.json', '')}`);
    }
  });

  it('ask for nothing that none of them, and no part of JupyterLab, provides', () => {
    const provided = plugins.flatMap(({ provides }) => (provides ? [provides.name] : []));
    const required = plugins.flatMap(({ requires }) => requires ?? []).map(({ name }) => name);
    const own = required.filter(name => name.startsWith('jupyterlab-twinstore:'));
    expect(provided).toEqual(expect.arrayContaining(own));
    expect(new Set(provided).size).toBe(provided.length);
  });

  it('have the defaults of the settings schema', () => {
    const schema = JSON.parse(readFileSync(resolve(SCHEMAS, 'appearance.json'), 'utf-8')) as {
      properties: Record<string, { default: unknown }>;
    };
    const defaults = Object.entries(schema.properties).map(([name, property]) => [name, property.default]);
    expect(Object.fromEntries(defaults)).toEqual(APPEARANCE_DEFAULTS);
  });
});
