// Starts the fake CQL server of `cql/` as a process of its own, for tests that are not TypeScript. It is bundled on each
// start, so that it is never older than its sources.
//
// node cql.mjs '{"dialect": "keyspaces", "rules": {…}, "keyspaces": ["feature_store"], …}'   (IOptions of cql/server.ts)
//
// stdout: one JSON line with port, hosts and datacenter, then one line for each line of stdin: the report.
// stdin:  JSON lines {"rules": {…}, "advance_s": n}, either of which may be left out. Ends with stdin.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
// The bundler that @jupyter/builder brings: no second one.
const { rspack } = createRequire(require.resolve('@jupyter/builder/package.json'))('@rspack/core');

const folder = mkdtempSync(join(tmpdir(), 'fake-cql-'));
const compiler = rspack({
  mode: 'development',
  target: 'node20',
  devtool: false,
  entry: { main: fileURLToPath(new URL('cql/main.ts', import.meta.url)) },
  output: { path: folder, filename: '[name].cjs' },
  resolve: { extensions: ['.ts'] },
  module: {
    rules: [
      {
        test: /\.ts$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } },
        type: 'javascript/auto'
      }
    ]
  }
});
await new Promise((resolve, reject) => {
  compiler.run((error, stats) => {
    const failure = error ?? (stats.hasErrors() ? new Error(stats.toString({ preset: 'errors-warnings' })) : null);
    compiler.close(() => (failure ? reject(failure) : resolve()));
  });
});
try {
  require(join(folder, 'main.cjs'));
} finally {
  rmSync(folder, { recursive: true });
}
