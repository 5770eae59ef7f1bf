const jupyter = require('@jupyter/eslint-plugin');
const importX = require('eslint-plugin-import-x');
const hooks = require('eslint-plugin-react-hooks');
const tseslint = require('typescript-eslint');

/** Rooms and what each may import beside itself: the arrows of ARCHITECTURE.md. */
const ARROWS = {
  contract: [],
  arrow: [],
  lab: ['contract', 'arrow'],
  companion: ['contract', 'arrow'],
  stack: ['contract'],
  cli: ['contract', 'companion', 'stack']
};
const ROOMS = Object.keys(ARROWS);

/** Zones of import-x/no-restricted-paths: no arrow but those above. */
const zones = ROOMS.flatMap(room =>
  ROOMS.filter(other => other !== room && !ARROWS[room].includes(other)).map(other => ({
    target: `./src/${room}`,
    from: `./src/${other}`,
    message: `src/${room} must not import src/${other}: see ARROWS in eslint.config.js.`
  }))
);

/** A folder shows its index; what lies behind it is its own affair. */
const INDEX_ONLY = {
  regex: '^(\\.\\./)+[a-z_]+/(?!.*\\.json$)',
  message: 'Import the folder, not a file inside it.'
};

/** What exists in Node but not in a browser. */
const NODE_ONLY = {
  'no-restricted-imports': [
    'error',
    { patterns: [INDEX_ONLY, { group: ['node:*'], message: 'This room runs in the browser too.' }] }
  ],
  'no-restricted-globals': ['error', 'process', 'Buffer', '__dirname', '__filename', 'require']
};

const [LAB_RULES, SCHEMA_RULES] = jupyter.configs.recommended;

module.exports = tseslint.config(
  {
    ignores: ['lib/', 'build/', 'node_modules/', '.venv/', 'test-results/', 'python-helpers/', 'src/contract/types.ts']
  },
  {
    files: ['src/**/*.{ts,tsx}', 'test/**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strict],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: __dirname }
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver': { node: { extensions: ['.ts', '.tsx', '.js'] } }
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'interface', format: ['PascalCase'], leadingUnderscore: 'forbid' }
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      curly: 'error',
      eqeqeq: 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { zones, basePath: __dirname }],
      'no-console': 'error',
      'prefer-arrow-callback': 'error'
    }
  },
  { files: ['src/**/*.{ts,tsx}'], rules: { 'no-restricted-imports': ['error', { patterns: [INDEX_ONLY] }] } },
  { files: ['src/lab/**', 'src/contract/**', 'src/arrow/**', 'src/index.ts', 'src/tokens.ts'], rules: NODE_ONLY },
  {
    files: ['src/lab/**/*.{ts,tsx}', 'src/index.ts', 'src/tokens.ts'],
    plugins: { jupyter, 'react-hooks': hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      ...LAB_RULES.rules,
      // All of it is small and draws at the start; what is large is imported where it is used.
      'jupyter/prefer-lazy-imports': 'off'
    }
  },
  // JupyterLab takes the plugin list as the default export.
  { files: ['src/index.ts'], rules: { 'import-x/no-default-export': 'off' } },
  {
    files: ['test/**/*.{ts,tsx}'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' }
  },
  { files: ['test/ui/playwright.config.ts'], rules: { 'import-x/no-default-export': 'off' } },
  {
    files: ['schema/*.json'],
    plugins: { jupyter },
    languageOptions: SCHEMA_RULES.languageOptions,
    rules: SCHEMA_RULES.rules
  }
);
