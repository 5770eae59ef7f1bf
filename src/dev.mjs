// Rebuilds front end and Node bundles on every change and runs the demo stack with JupyterLab: reload the page to see a change.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CORE = 'node_modules/@jupyterlab/core-meta/core.package.json';
const BUILDER = 'node_modules/@jupyter/builder/lib/build-labextension.js';

const children = [
  ['node_modules/typescript/bin/tsc', '-b', '-w', '--preserveWatchOutput', 'src/lab'],
  [BUILDER, '--development', '--watch', '--core-package-file', CORE, '.'],
  ['src/bundle.mjs', '--watch'],
  ['src/setup.cjs', 'start', ...process.argv.slice(2)]
].map(args => spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }));

// The last one owns the terminal: when the lab ends, so does the watching.
children.at(-1)?.on('close', code => {
  children.slice(0, -1).forEach(child => child.kill());
  process.exitCode = code ?? 0;
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => children.at(-1)?.kill(signal));
}
