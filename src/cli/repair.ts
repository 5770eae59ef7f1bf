import { parseArgs } from 'node:util';
import { oneGroup } from './command';
import type { ICommand } from './command';
import { runJobVerb } from './spark_job';

const HELP = `Usage: twinstore repair GROUP [--dry-run] [--json]

Prove that the twins of a feature group agree; write the rows that differ online again from history, delete those that
history lacks, and prove the group once more. History is not changed.

  --dry-run   tell what would be mended, and change nothing
  --json      events as JSON, one a line, on stdout

Exit code: 0 in parity, 1 not, 2 wrong use.
`;

export const repairCommand: ICommand = {
  summary: 'mend the rows of a group that differ between its two stores',
  help: HELP,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args,
      options: { 'dry-run': { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
      allowPositionals: true
    });
    const group = oneGroup('repair', positionals);
    return runJobVerb(['repair', group, ...(values['dry-run'] ? ['--dry-run'] : [])], values.json, context);
  }
};
