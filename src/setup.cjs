// The first line of `npm start` and `npm test`, legal in any Node, so that one that is too old is told so.
var MIN_NODE = 20;
if (Number(process.versions.node.split('.')[0]) < MIN_NODE) {
  console.error(
    'twinstore needs Node ' +
      MIN_NODE +
      ' or newer and this is Node ' +
      process.versions.node +
      ': install a current one from https://nodejs.org or with `nvm install --lts`.'
  );
  process.exit(1);
}
if (process.platform === 'win32') {
  console.error('The local stack needs Linux or macOS: on Windows, run twinstore in WSL (https://aka.ms/wsl).');
  process.exit(1);
}
import('./setup.mjs');
