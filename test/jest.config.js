// Three projects: the browser's code in jsdom, Node's code in Node, and suites that need the running stack.
const { resolve } = require('node:path');
const lab = require('@jupyterlab/testing/lib/jest-config')(resolve(__dirname, '..'));

const ROOT = resolve(__dirname, '..');
const TYPESCRIPT = ['ts-jest', { tsconfig: resolve(__dirname, 'tsconfig.jest.json') }];
/** Packages that ship ES modules only. */
const ES_MODULES = [
  '@codemirror',
  '@marijn',
  '@microsoft',
  '@jupyter',
  '@jupyterlab',
  '@lumino',
  '@rjsf',
  'apache-arrow',
  'color',
  'exenv-es6',
  'flatbuffers',
  'hyparquet',
  'lib0',
  'marked',
  'nanoid',
  'smol-toml',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');
const BABEL = ['babel-jest', { presets: [['@babel/preset-env', { targets: { node: 'current' } }]] }];

const common = {
  rootDir: ROOT,
  cacheDirectory: resolve(ROOT, '.jest-cache'),
  // Not all of lab.transform: its own rule for .js comes first and knows no presets.
  transform: { '\\.svg$': lab.transform['\\.svg$'], '^.+\\.tsx?$': TYPESCRIPT, '^.+\\.m?jsx?$': BABEL },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES})).+`],
  moduleFileExtensions: lab.moduleFileExtensions,
  modulePathIgnorePatterns: ['<rootDir>/(lib|build|dist|python-helpers|test-results)/', '<rootDir>/.venv/']
};
const node = { ...common, testEnvironment: 'node' };

module.exports = {
  // A test that waits on a busy machine has not failed.
  testTimeout: 30_000,
  rootDir: ROOT,
  projects: [
    {
      ...common,
      displayName: 'lab',
      testMatch: ['<rootDir>/test/lab/**/*.spec.{ts,tsx}'],
      testEnvironment: lab.testEnvironment,
      resolver: lab.resolver,
      moduleNameMapper: lab.moduleNameMapper,
      setupFiles: [...lab.setupFiles, 'jest-canvas-mock']
    },
    {
      ...node,
      displayName: 'node',
      testMatch: ['<rootDir>/test/{contract,arrow,companion,stack,cli,house,fakes}/**/*.spec.ts']
    },
    { ...node, displayName: 'integration', testMatch: ['<rootDir>/test/integration/**/*.spec.ts'] }
  ]
};
