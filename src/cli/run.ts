import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { WrongUse } from './command';
import type { ICommand } from './command';
import { runJobVerb } from './spark_job';

const HELP = `Usage: twinstore run NOTEBOOK [-p NAME=VALUE]… [--output FILE] [--json]

Run a notebook from top to bottom, and say its receipts and its parity verdict.

  -p NAME=VALUE   set a value of the cell tagged 'parameters'; VALUE is a JSON scalar, else a text
  --output FILE   where to save the executed notebook (default: the state folder's runs/)
  --json          events as JSON, one a line, on stdout

Exit code: 0 good, 1 a cell failed or the twins are out of parity, 2 wrong use.
`;

export const runCommand: ICommand = {
  summary: 'run a notebook without a browser',
  help: HELP,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args,
      options: {
        parameter: { type: 'string', short: 'p', multiple: true, default: [] },
        output: { type: 'string' },
        json: { type: 'boolean', default: false }
      },
      allowPositionals: true
    });
    const [notebook, ...others] = positionals;
    if (!notebook || others.length > 0) {
      throw new WrongUse('`twinstore run` takes one notebook.');
    }
    const wrong = values.parameter.find(parameter => !isParameter(parameter));
    if (wrong !== undefined) {
      throw new WrongUse(`-p takes NAME=VALUE with a text, a number, true, false or null, not '${wrong}'.`);
    }
    const output = values.output === undefined ? [] : ['--output', resolve(context.cwd, values.output)];
    const parameters = values.parameter.flatMap(parameter => ['-p', parameter]);
    return runJobVerb(['run', resolve(context.cwd, notebook), ...parameters, ...output], values.json, context);
  }
};

/** Whether `python -m twinstore run` takes it: a name of Python's, and no list or object. */
function isParameter(text: string): boolean {
  const value = /^[A-Za-z_]\w*=(.*)$/s.exec(text)?.[1];
  try {
    return value !== undefined && !(JSON.parse(value) instanceof Object);
  } catch {
    return true; // A text.
  }
}
