// Makes src/contract/types.ts from the JSON schemas; `--check` only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';

const contract = fileURLToPath(new URL('../../src/contract/', import.meta.url));
const SCHEMAS = ['group', 'receipt', 'parity_report', 'config'];

const parts = ['// Made from the JSON schemas beside this file by `npm run contract:types`. Do not edit.\n'];
for (const name of SCHEMAS) {
  const schema = JSON.parse(await readFile(`${contract}${name}.schema.json`, 'utf8'));
  parts.push(
    await compile(schema, name, { bannerComment: '', ignoreMinAndMaxItems: true, style: { singleQuote: true } })
  );
}
const made = parts.join('\n');
const target = `${contract}types.ts`;
if (process.argv.includes('--check')) {
  if ((await readFile(target, 'utf8')) !== made) {
    console.error('src/contract/types.ts differs from its schemas: run `npm run contract:types`.');
    process.exit(1);
  }
} else {
  await writeFile(target, made);
}
