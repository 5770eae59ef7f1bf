import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Environment } from './paths';

/** A program to run under guard. */
export interface IProgram {
  command: string;
  args: readonly string[];
  cwd: string;
  /** Default: that of this process. */
  env?: Environment;
  /** File that takes what the program prints. The one before is kept as `<log>.1`. */
  log: string;
}

/** How a guarded program ended. */
export interface IExit {
  code: number | null;
  /** Last lines that it printed. */
  lastLines: string[];
}

/**
 * The guardian: runs a program and ends it when its own standard input closes, which the system does when the process
 * that holds the other end dies, even by kill -9. `$1` is the log file, the rest the program. It prints the
 * program's pid. 3 s between asking and killing: what a child may take is less than what a user waits.
 */
const GUARDIAN = `
exec 3<&0
log=$1
shift
"$@" </dev/null >>"$log" 2>&1 3<&- &
child=$!
echo "$child"
exec >/dev/null
(
  while read -r line <&3; do :; done
  kill -TERM "$child" 2>/dev/null
  i=0
  while [ "$i" -lt 30 ] && kill -0 "$child" 2>/dev/null; do sleep 0.1; i=$((i + 1)); done
  kill -KILL "$child" 2>/dev/null
) &
watch=$!
exec 3<&-
trap '' INT HUP TERM
wait "$child"
status=$?
kill -KILL "$watch" 2>/dev/null
exit "$status"
`;

const LAST_LINES = 15;
const LAST_BYTES = 16_384;

/** A running program that cannot outlive this process. */
export class GuardedProgram {
  private constructor(
    private readonly guardian: ChildProcess,
    /** Of the program itself, not of its guardian. */
    readonly pid: number,
    readonly log: string,
    readonly exited: Promise<IExit>
  ) {}

  /** Start a program. Throws when the shell that guards it does not start. */
  static async start({ command, args, cwd, env, log }: IProgram): Promise<GuardedProgram> {
    if (existsSync(log)) {
      renameSync(log, `${log}.1`);
    }
    closeSync(openSync(log, 'a', 0o600));
    const guardian = spawn('/bin/sh', ['-c', GUARDIAN, 'guardian', log, command, ...args], {
      cwd,
      env: env as NodeJS.ProcessEnv | undefined,
      stdio: ['pipe', 'pipe', 'ignore']
    });
    // The pipe breaks when the program ends by itself; its exit tells so.
    guardian.stdin.on('error', () => undefined);
    let pid = 0;
    const exited = new Promise<IExit>((resolve, reject) => {
      guardian.once('error', reject);
      guardian.once('exit', code => {
        if (code === null && pid > 0) {
          signal(pid, 'SIGKILL'); // Somebody killed the guardian: nobody guards the program any more.
        }
        resolve({ code, lastLines: lastLines(log) });
      });
    });
    pid = await new Promise<number>((resolve, reject) => {
      createInterface({ input: guardian.stdout }).once('line', line => resolve(Number(line)));
      exited.then(() => reject(new Error(`${command} ended before it ran.`)), reject);
    });
    return new GuardedProgram(guardian, pid, log, exited);
  }

  /** Ask the program to end, and after `graceMs` make it. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    signal(this.pid, 'SIGTERM');
    const timer = setTimeout(() => signal(this.pid, 'SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(timer);
    this.guardian.stdin?.destroy();
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already, which is what was wanted.
  }
}

/** Last lines of a log file; none when it cannot be read. */
export function lastLines(file: string): string[] {
  if (!existsSync(file)) {
    return [];
  }
  const { size } = statSync(file);
  const buffer = Buffer.alloc(Math.min(size, LAST_BYTES));
  const handle = openSync(file, 'r');
  try {
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
  } finally {
    closeSync(handle);
  }
  return buffer.toString('utf8').split('\n').filter(Boolean).slice(-LAST_LINES);
}
