import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import Ajv from 'ajv';

const CONTRACT = resolve(__dirname, '../../src/contract');
const SCHEMAS = readdirSync(CONTRACT).filter(name => name.endsWith('.schema.json'));

describe('contract schemas', () => {
  it('are the source of the committed types', () => {
    expect(() =>
      execFileSync(process.execPath, [resolve(__dirname, 'make_types.mjs'), '--check'], { stdio: 'pipe' })
    ).not.toThrow();
  });

  it.each(SCHEMAS)('%s compiles and refuses unknown fields', name => {
    const validate = new Ajv({ allowUnionTypes: true, formats: { uri: true } }).compile(
      JSON.parse(readFileSync(resolve(CONTRACT, name), 'utf8'))
    );
    expect(validate({ surprise: 1 })).toBe(false);
    expect(validate.errors?.map(error => error.keyword)).toEqual(expect.arrayContaining(['required']));
  });
});

describe('routes', () => {
  interface IRoute {
    path: string;
    method: string;
    action: string;
  }
  const routes = JSON.parse(readFileSync(resolve(CONTRACT, 'routes.json'), 'utf8')) as Record<string, IRoute[]>;

  it('carry one of three actions and are unique', () => {
    for (const table of Object.values(routes)) {
      expect(table.every(({ action }) => ['read', 'execute', 'write'].includes(action))).toBe(true);
      expect(new Set(table.map(({ path, method }) => `${method} ${path}`)).size).toBe(table.length);
    }
  });

  it('of the companion are POST with a body, except health', () => {
    const gets = (routes.companion ?? []).filter(({ method }) => method !== 'POST').map(({ path }) => path);
    expect(gets).toEqual(['health']);
  });
});
