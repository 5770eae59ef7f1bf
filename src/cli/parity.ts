import { parseArgs } from 'node:util';
import { TwinstoreError } from '../contract';
import { oneGroup, WrongUse } from './command';
import type { ICommand } from './command';
import { runJobVerb } from './spark_job';

const HELP = `Usage: twinstore parity GROUP [--full | --changed] [--json]

Prove that the twins of a feature group agree, row by row, and keep the proof beside its table.

  --full      compare every key
  --changed   compare the keys that changed since the last full proof
  --json      events as JSON, one a line, on stdout

With neither, every key is compared while that is cheap. Exit code: 0 in parity, 1 not, 2 wrong use.
`;

export const parityCommand: ICommand = {
  summary: 'prove that the two stores of a group agree',
  help: HELP,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args,
      options: {
        full: { type: 'boolean', default: false },
        changed: { type: 'boolean', default: false },
        sampled: { type: 'string' },
        json: { type: 'boolean', default: false }
      },
      allowPositionals: true
    });
    const group = oneGroup('parity', positionals);
    if (values.full && values.changed) {
      throw new WrongUse('Take --full or --changed, not both.');
    }
    if (values.sampled !== undefined) {
      throw new TwinstoreError(
        'unsupported',
        'Parity by sample is not there yet.',
        'Use --full, or --changed after a full proof.'
      );
    }
    const how = [...(values.full ? ['--full'] : []), ...(values.changed ? ['--changed'] : [])];
    return runJobVerb(['parity', group, ...how], values.json, context);
  }
};
