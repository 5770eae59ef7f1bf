import { TwinstoreError } from '../contract';
import type { Environment } from '../stack';

/** What a verb may touch of the process it runs in. */
export interface IContext {
  env: Environment;
  cwd: string;
  /** The command's own program. */
  program: string;
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  /** Aborts at Ctrl-C. */
  signal: AbortSignal;
}

/** Exit codes of every verb. */
export const EXIT = { good: 0, failed: 1, wrongUse: 2, stopped: 130 } as const;

/** A verb of the command. */
export interface ICommand {
  /** One line for the list of verbs. */
  summary: string;
  /** All of `--help`. */
  help: string;
  /** Resolves to the exit code. */
  run(args: string[], context: IContext): Promise<number>;
}

/** The caller used the command wrongly. */
export class WrongUse extends Error {}

/** Whatever was thrown, as the one kind of error that is told. */
export function asKnown(error: unknown): TwinstoreError {
  return error instanceof TwinstoreError
    ? error
    : new TwinstoreError('internal', String(error), 'Report this as a defect.', {
        details: error instanceof Error ? (error.stack ?? '') : ''
      });
}

/** What a job failed with. Its exit code is the command's: the code of the error may be that of a notebook's cell. */
export class JobFailed extends TwinstoreError {
  constructor(
    { code, message, remedy, side, details }: TwinstoreError,
    readonly exitCode: number
  ) {
    super(code, message, remedy, { side, details });
  }
}

/** The port that an option gives; undefined when it was left out. Throws `WrongUse` for what is no port. */
export function portNumber(option: string, text: string | undefined): number | undefined {
  const port = text === undefined ? undefined : Number(text);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new WrongUse(`${option} takes a port's number, not '${text ?? ''}'.`);
  }
  return port;
}

/** The group that a verb is about. */
export function oneGroup(verb: string, positionals: readonly string[]): string {
  const [group, ...others] = positionals;
  if (!group || others.length > 0) {
    throw new WrongUse(`\`twinstore ${verb}\` takes one group.`);
  }
  return group;
}
