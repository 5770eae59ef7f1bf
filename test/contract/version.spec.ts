import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { VERSION } from '../../src/contract';

it('names one version in TypeScript, npm and Python', () => {
  const read = (path: string) => readFileSync(resolve(__dirname, '..', '..', path), 'utf8');
  expect((JSON.parse(read('package.json')) as { version: string }).version).toBe(VERSION);
  expect(read('python-helpers/pyproject.toml')).toContain(`\nversion = "${VERSION}"\n`);
});
