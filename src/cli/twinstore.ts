import { VERSION } from '../contract';
import { EXIT, JobFailed, WrongUse, asKnown } from './command';
import type { ICommand, IContext } from './command';
import { deltaCommand } from './delta';
import { groupsCommand } from './groups';
import { materializeCommand } from './materialize';
import { parityCommand } from './parity';
import { repairCommand } from './repair';
import { retryCommand } from './retry';
import { runCommand } from './run';
import { stackCommand } from './stack';
import { startCommand } from './start';

const COMMANDS: Readonly<Record<string, ICommand>> = {
  start: startCommand,
  stack: stackCommand,
  groups: groupsCommand,
  delta: deltaCommand,
  parity: parityCommand,
  retry: retryCommand,
  repair: repairCommand,
  materialize: materializeCommand,
  run: runCommand
};

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(verb => verb.length));
  const verbs = Object.entries(COMMANDS).map(([verb, { summary }]) => `  ${verb.padEnd(width)}  ${summary}\n`);
  return `Usage: twinstore VERB …

${verbs.join('')}
\`twinstore VERB --help\` tells more, \`twinstore --version\` which version this is.
Results go to stdout, messages to stderr, and --json makes results JSON.
Exit code: 0 good, 1 a verdict or check that failed, 2 wrong use.
`;
}

/** Run the command. Resolves to its exit code; never rejects. */
export async function twinstore(args: string[], context: IContext): Promise<number> {
  const [verb = '', ...rest] = args;
  if (verb === '--help' || verb === 'help') {
    context.stdout.write(help());
    return EXIT.good;
  }
  if (verb === '--version') {
    context.stdout.write(`${VERSION}\n`);
    return EXIT.good;
  }
  const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (!command) {
    context.stderr.write(`${verb ? `twinstore has no verb '${verb}'.\n\n` : ''}${help()}`);
    return EXIT.wrongUse;
  }
  if (rest.includes('--help')) {
    context.stdout.write(command.help);
    return EXIT.good;
  }
  try {
    return await command.run(rest, context);
  } catch (error) {
    return explain(error, verb, rest.includes('--json'), context);
  }
}

function explain(error: unknown, verb: string, json: boolean, { stdout, stderr, signal }: IContext): number {
  if (signal.aborted) {
    stderr.write('Stopped.\n');
    return EXIT.stopped;
  }
  if (error instanceof WrongUse || isParseError(error)) {
    stderr.write(`${error.message}\n\`twinstore ${verb} --help\` tells how it is used.\n`);
    return EXIT.wrongUse;
  }
  const known = asKnown(error);
  if (json) {
    stdout.write(`${JSON.stringify({ error: known.toBody('') })}\n`);
  }
  const details = known.details ? `\n${known.details.trimEnd()}` : '';
  stderr.write(`${known.message} ${known.remedy}${details}\n`);
  if (known instanceof JobFailed) {
    return known.exitCode;
  }
  return known.code === 'bad_request' ? EXIT.wrongUse : EXIT.failed;
}

/** Whether `parseArgs` refused the arguments. */
function isParseError(error: unknown): error is Error {
  return String((error as NodeJS.ErrnoException | undefined)?.code).startsWith('ERR_PARSE_ARGS');
}
