import { setTimeout as sleep } from 'node:timers/promises';
import { TwinstoreError } from '../contract';
import type { IErrorBody } from '../contract';
import type { IPartStatus, ISupervisorStatus, PartState } from './control';
import { GuardedProgram } from './guardian';
import type { IExit } from './guardian';
import type { IPart, PartName } from './part';
import { requireFree } from './ports';
import { residentMemory } from './resident_memory';

const PROBE_EVERY_MS = 100;

/** The body of any error. */
export function errorBody(error: unknown): IErrorBody {
  const known =
    error instanceof TwinstoreError
      ? error
      : new TwinstoreError('internal', `The stack failed: ${String(error)}.`, 'See logs/supervisor.log of the stack.', {
          details: error instanceof Error ? (error.stack ?? '') : ''
        });
  return known.toBody('');
}

/** One part with its life. */
class SupervisedPart {
  constructor(private readonly part: IPart) {}

  private program: GuardedProgram | null = null;
  private turn: Promise<void> = Promise.resolve();
  private wanted = false;
  private state: PartState = 'stopped';
  private since = performance.now();
  private error: IErrorBody | null = null;

  /** Start the part and wait until it is of use. Nothing happens when it runs. Throws when it cannot be started. */
  start(): Promise<void> {
    this.wanted = true;
    return this.inTurn(async () => {
      if (this.state !== 'running') {
        await this.launch();
      }
    });
  }

  /** End the part, also in the middle of its start. Nothing happens when it does not run. */
  stop(): Promise<void> {
    this.wanted = false; // A start that goes on ends by this.
    return this.inTurn(async () => {
      if (this.program) {
        this.become('stopping');
        await this.program.stop(this.part.graceMs);
      }
      this.program = null;
      this.become('stopped');
    });
  }

  async status(): Promise<IPartStatus> {
    const { part, program } = this;
    return {
      name: part.name,
      title: part.title,
      state: this.state,
      answers: program !== null && (await part.answers()),
      pid: program?.pid ?? null,
      port: part.port,
      rss_bytes: program ? await residentMemory(program.pid) : null,
      uptime_s: program ? seconds(this.since) : null,
      log: part.program.log,
      error: this.error
    };
  }

  /** Starts and stops one after the other: two at once would lose a program. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.turn.then(work);
    this.turn = turn.catch(() => undefined); // Who asked for it hears of it.
    return turn;
  }

  private async launch(): Promise<void> {
    this.become('starting');
    let program: GuardedProgram | null = null;
    try {
      await requireFree(this.part.title, `--${this.part.name}-port`, this.part.port);
      program = await GuardedProgram.start(this.part.program);
      this.program = program;
      void program.exited.then(exit => this.ended(exit));
      await this.ready(program);
      await this.part.prepare();
      this.become('running');
    } catch (error) {
      await program?.stop(this.part.graceMs);
      this.program = null;
      this.become('failed', errorBody(error));
      throw error;
    }
  }

  private become(state: PartState, error: IErrorBody | null = null): void {
    this.state = state;
    this.since = performance.now();
    this.error = error;
  }

  private async ready(program: GuardedProgram): Promise<void> {
    const { part } = this;
    const deadline = performance.now() + part.startMs;
    const exit = program.exited.then(ended => {
      throw this.died('while it started', ended);
    });
    exit.catch(() => undefined); // Later ends are heard by `ended`.
    while (!(await Promise.race([part.answers(), exit]))) {
      if (!this.wanted) {
        throw new TwinstoreError('aborted', `The start of ${part.title} was stopped.`, 'Start it again.');
      }
      if (performance.now() > deadline) {
        throw new TwinstoreError(
          'unavailable',
          `${part.title} did not answer on port ${part.port} within ${part.startMs / 1000} s.`,
          `See ${part.program.log}.`
        );
      }
      await Promise.race([sleep(PROBE_EVERY_MS), exit]);
    }
  }

  private ended(exit: IExit): void {
    if (this.state === 'running') {
      this.program = null;
      this.become('failed', this.died('by itself', exit).toBody(''));
    }
  }

  private died(how: string, { code, lastLines }: IExit): TwinstoreError {
    return new TwinstoreError(
      'unavailable',
      `${this.part.title} ended ${how}${code === null ? '' : ` (exit ${code})`}.`,
      `See ${this.part.program.log}; its last lines are in the details.`,
      { details: lastLines.join('\n') }
    );
  }
}

/** Runs the parts of one stack and answers for them. */
export class Supervisor {
  constructor(
    parts: readonly IPart[],
    private readonly pid: number
  ) {
    this.parts = new Map(parts.map(part => [part.name, new SupervisedPart(part)]));
  }

  private readonly parts: ReadonlyMap<PartName, SupervisedPart>;
  private readonly since = performance.now();

  /** Start every part at once; `onStarted` hears how many run. Stops all when one fails, and throws its error. */
  async startAll(onStarted: (running: number, total: number) => void): Promise<void> {
    let running = 0;
    onStarted(running, this.parts.size);
    try {
      await Promise.all(
        [...this.parts.values()].map(async part => {
          await part.start();
          onStarted(++running, this.parts.size);
        })
      );
    } catch (error) {
      await this.stopAll();
      throw error;
    }
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.parts.values()].map(part => part.stop()));
  }

  /** The part of that name. Throws `bad_request` when there is none. */
  part(name: PartName): SupervisedPart {
    const part = this.parts.get(name);
    if (!part) {
      throw new TwinstoreError(
        'bad_request',
        `The stack has no part '${String(name)}'.`,
        `Its parts are ${[...this.parts.keys()].join(' and ')}.`
      );
    }
    return part;
  }

  async status(): Promise<ISupervisorStatus> {
    return {
      pid: this.pid,
      rss_bytes: await residentMemory(this.pid),
      uptime_s: seconds(this.since),
      parts: await Promise.all([...this.parts.values()].map(part => part.status()))
    };
  }
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10;
}
