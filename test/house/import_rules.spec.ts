import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../..');

/** One violation of each rule, as it would stand in a file of the room. */
const PLANTED: { rule: string; room: string; code: string; compiler: boolean; linter: string }[] = [
  {
    rule: 'the browser does not import the companion',
    room: 'lab',
    code: "import * as other from '../companion';\nexport const planted = other;\n",
    compiler: true,
    linter: 'import-x/no-restricted-paths'
  },
  {
    rule: 'the companion does not import the browser',
    room: 'companion',
    code: "import * as other from '../lab/client';\nexport const planted = other;\n",
    compiler: true,
    linter: 'import-x/no-restricted-paths'
  },
  {
    rule: 'the stack does not import the command',
    room: 'stack',
    code: "import * as other from '../cli/main';\nexport const planted = other;\n",
    compiler: true,
    linter: 'import-x/no-restricted-paths'
  },
  {
    rule: 'the contract imports no room',
    room: 'contract',
    code: "import * as other from '../companion';\nexport const planted = other;\n",
    compiler: true,
    linter: 'import-x/no-restricted-paths'
  },
  {
    rule: 'what reads Arrow knows no contract',
    room: 'arrow',
    code: "import * as other from '../contract';\nexport const planted = other;\n",
    compiler: true,
    linter: 'import-x/no-restricted-paths'
  },
  {
    rule: 'node: modules stay out of the browser',
    room: 'lab',
    code: "import { readFileSync } from 'node:fs';\nexport const planted = readFileSync;\n",
    // The declarations of apache-arrow bring Node's, so that the compiler knows it here.
    compiler: false,
    linter: 'no-restricted-imports'
  },
  {
    rule: 'process stays out of the browser',
    room: 'lab',
    code: 'export const planted = process.env;\n',
    // The declarations of apache-arrow bring Node's, so that the compiler knows it here.
    compiler: false,
    linter: 'no-restricted-globals'
  },
  {
    rule: 'Buffer stays out of the contract',
    room: 'contract',
    code: "export const planted = Buffer.from('');\n",
    compiler: true,
    linter: 'no-restricted-globals'
  },
  {
    rule: 'a folder imports only the index of another',
    room: 'companion',
    code: "import { TwinstoreError } from '../contract/errors';\nexport const planted = TwinstoreError;\n",
    compiler: false,
    linter: 'no-restricted-imports'
  }
];

/** Rules that each code breaks when it stands in the place of an existing file of its room. */
function lint(texts: readonly { room: string; code: string }[]): (string | null)[][] {
  const input = JSON.stringify(texts.map(({ room, code }) => ({ code, file: fileOf(room) })));
  const output = execFileSync(process.execPath, [resolve(__dirname, 'lint.mjs')], { cwd: ROOT, input });
  return JSON.parse(output.toString()) as (string | null)[][];
}

/** Errors of the room's project with the code in the place of an existing file. */
function compile(room: string, code: string): string[] {
  const configPath = resolve(ROOT, 'src', room, 'tsconfig.json');
  const config = ts.getParsedCommandLineOfConfigFile(
    configPath,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: diagnostic => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
      }
    }
  );
  if (config === undefined) {
    throw new Error(`No ${configPath}`);
  }
  const options = { ...config.options, noEmit: true };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) =>
    resolve(name) === fileOf(room)
      ? ts.createSourceFile(name, code, ts.ScriptTarget.ES2022)
      : getSourceFile(name, ...rest);
  const program = ts.createProgram({
    rootNames: config.fileNames,
    options,
    projectReferences: config.projectReferences,
    host
  });
  const planted = program.getSourceFile(fileOf(room));
  return [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSemanticDiagnostics(planted)
  ].map(diagnostic => ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
}

function fileOf(room: string): string {
  return resolve(
    ROOT,
    'src',
    room,
    { contract: 'jobs.ts', arrow: 'values.ts', lab: 'client.ts', companion: 'server.ts', stack: 'index.ts' }[room] ?? ''
  );
}

/** What is allowed in each room. */
const LEGAL = ['contract', 'lab', 'companion', 'stack'].map(room => ({
  room,
  code:
    room === 'contract' ? 'export const planted = 1;\n' : "export { TwinstoreError as planted } from '../contract';\n"
}));

describe('import rules', () => {
  const broken = lint([...PLANTED, ...LEGAL]);

  it.each(PLANTED.map((planted, index) => ({ ...planted, index })))('$rule (linter)', ({ index, linter }) => {
    expect(broken[index]).toContain(linter);
  });

  it.each(PLANTED.filter(({ compiler }) => compiler))('$rule (compiler)', ({ room, code }) => {
    expect(compile(room, code)).not.toEqual([]);
  });

  it.each(LEGAL.map((legal, index) => ({ ...legal, index })))('what is allowed in $room passes both', legal => {
    expect(broken[PLANTED.length + legal.index]).toEqual([]);
    expect(compile(legal.room, legal.code)).toEqual([]);
  });
});
