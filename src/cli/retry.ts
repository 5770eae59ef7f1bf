import { parseArgs } from 'node:util';
import { oneGroup } from './command';
import type { ICommand } from './command';
import { runJobVerb } from './spark_job';

const HELP = `Usage: twinstore retry GROUP [--json]

Bring online what a group's history holds and the online store lacks: writes that did not finish, and failed rows.

  --json      events as JSON, one a line, on stdout

Exit code: 0 all is online, 1 something could not be written, 2 wrong use.
`;

export const retryCommand: ICommand = {
  summary: 'finish the writes of a group that are not all online',
  help: HELP,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args,
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true
    });
    const group = oneGroup('retry', positionals);
    return runJobVerb(['retry', group], values.json, context);
  }
};
