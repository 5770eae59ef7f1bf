import { parseArgs } from 'node:util';
import { oneGroup, WrongUse } from './command';
import type { ICommand } from './command';
import { runJobVerb } from './spark_job';

const HELP = `Usage: twinstore materialize GROUP [--version N] [--json]

Write the latest row of every entity of a feature group online again, at a fresh time, and delete online what history
lacks.

  --version N   the rows as they were at Delta version N, such as before a bad batch: the stores then differ on purpose,
                and the group is marked so, until it is materialized without a version
  --json        events as JSON, one a line, on stdout

Exit code: 0 all is online, 1 something could not be written, 2 wrong use.
`;

export const materializeCommand: ICommand = {
  summary: 'write every row of a group online again, or set it to an older version',
  help: HELP,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args,
      options: { version: { type: 'string' }, json: { type: 'boolean', default: false } },
      allowPositionals: true
    });
    const group = oneGroup('materialize', positionals);
    if (values.version !== undefined && !/^\d{1,15}$/.test(values.version)) {
      throw new WrongUse(`--version ${values.version} is not a Delta version, such as 41.`);
    }
    const version = values.version === undefined ? [] : ['--version', values.version];
    return runJobVerb(['materialize', group, ...version], values.json, context);
  }
};
