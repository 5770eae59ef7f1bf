// Bundles the Node halves (companion and command) into the wheel's `_node` folder.
// `tsc` output cannot serve Node: imports have no file endings and some packages import folders.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const at = path => fileURLToPath(new URL(path, import.meta.url));
// The bundler that @jupyter/builder brings: no second one.
const { rspack } = createRequire(createRequire(import.meta.url).resolve('@jupyter/builder/package.json'))(
  '@rspack/core'
);

const WORKER = at('companion/delta/parquet/worker.ts');
/** What `npm run bench -- delta` measures, by itself; else what is shipped. */
const { entry, path, ...library } = process.argv.includes('--bench')
  ? {
      entry: { delta: at('companion/delta/index.ts'), worker: WORKER },
      path: at('../build/bench/delta'),
      library: { type: 'commonjs2' }
    }
  : {
      entry: { companion: at('companion/main.ts'), cli: at('cli/main.ts'), worker: WORKER },
      path: at('../python-helpers/twinstore/_node')
    };

const compiler = rspack({
  mode: 'production',
  target: 'node20',
  context: at('..'),
  devtool: false,
  entry,
  output: { path, filename: '[name].js', asyncChunks: false, clean: true, ...library },
  resolve: { extensions: ['.ts', '.js', '.mjs', '.json'] },
  module: {
    // Paths that code makes from its own place must stay what they are at run time.
    parser: { javascript: { url: false, importMeta: false } },
    rules: [
      {
        test: /\.ts$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } },
        type: 'javascript/auto'
      }
    ]
  },
  // cassandra-driver asks for it only where Kerberos is used.
  externals: { kerberos: 'commonjs kerberos' },
  node: { __dirname: false, __filename: false },
  optimization: { splitChunks: false, runtimeChunk: false },
  plugins: [
    new rspack.BannerPlugin({ banner: '#!/usr/bin/env node', raw: true, test: /^cli\.js$/ }),
    new rspack.CopyRspackPlugin({
      patterns: [{ from: at('../node_modules/parquet-wasm/node/parquet_wasm_bg.wasm'), to: '[name][ext]' }]
    })
  ],
  performance: false
});

const WATCH = process.argv.includes('--watch');

function report(error, stats) {
  if (error || stats?.hasErrors()) {
    console.error(error ?? stats.toString({ preset: 'errors-warnings' }));
    process.exitCode = 1;
  }
  if (!WATCH) {
    compiler.close(() => {});
  }
}

if (WATCH) {
  compiler.watch({}, report);
} else {
  compiler.run(report);
}
