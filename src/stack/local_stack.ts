import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { TwinstoreError } from '../contract';
import { SMALL_HEAP_MIB } from './cassandra';
import { askSupervisor } from './control';
import type { ControlRequest, ISupervisorStatus } from './control';
import { s3Target } from './input_target';
import type { IInputTarget } from './input_target';
import { cassandraLogin, s3Credentials } from './credentials';
import { packageFolder } from './interpreter';
import { JAR_SETS, fetchJars, jarFolder, missingJars } from './jars';
import type { Progress } from './jars';
import { findJava } from './java';
import { lives } from './lives';
import type { PartName } from './part';
import { cacheFolder, stackFolder } from './paths';
import type { Environment, IStackFolder } from './paths';
import { choosePorts } from './ports';
import type { IPorts } from './ports';
import { requireDisk, requireMemory } from './preflight';
import type { IRoom } from './preflight';
import { writeSettings } from './settings';
import { alone, controlSocket, readState, removeControl, writeState } from './state';
import type { IStackState } from './state';
import type { SupervisorEvent } from './supervise';

/** What a stack is started from. */
export interface IStackHost {
  env: Environment;
  /** Interpreter that has pyspark; asked only when it is needed. */
  python(): string;
  /** Command line to which `supervise --name NAME` is added. */
  supervisor: readonly string[];
  room: IRoom;
  progress: Progress;
  signal?: AbortSignal;
}

/** How a stack is wished to be. */
export interface IUpOptions {
  ports?: Partial<IPorts>;
  /** Heap of Cassandra; default what it had, at first 400 MiB. */
  heapMib?: number;
  /** Whether it ends with this process. */
  owned?: boolean;
}

/** A stack as `stack status` shows it. */
export interface IStackStatus {
  name: string;
  running: boolean;
  folder: string;
  /** The `twinstore.toml` that opens it. */
  settings: string;
  supervisor: Omit<ISupervisorStatus, 'parts'> | null;
  parts: ISupervisorStatus['parts'];
}

/** A stack that is up. */
export interface IUpResult {
  status: IStackStatus;
  /** Whether it ran before. */
  found: boolean;
  /** Seconds that downloads took. */
  downloadS: number;
}

/** Memory that S3Proxy and the supervisor take. */
const OTHERS_BYTES = 250 * 1024 ** 2;
/** With less its JVM ends before it says why. */
const MIN_HEAP_MIB = 128;
/** Room for data of a stack, beside downloads. */
const DATA_BYTES = 1024 ** 3;
const STARTED_BY_OTHER_MS = 300_000;
const DOWN_MS = 30_000;

/** Start the stack called `name`, or find it. Resolves when all of it answers. */
export async function up(name: string, options: IUpOptions, host: IStackHost): Promise<IUpResult> {
  const folder = stackFolder(name, host.env);
  const deadline = performance.now() + STARTED_BY_OTHER_MS;
  let downloadS = 0;
  for (;;) {
    host.signal?.throwIfAborted();
    const found = await find(name, host.env);
    if (found) {
      requireSame(folder, options);
      return { status: await completed(found, host), found: true, downloadS };
    }
    const started = await alone(folder, async () => {
      downloadS = await start(name, folder, options, host);
    });
    if (started) {
      return { status: await status(name, host.env), found: false, downloadS };
    }
    if (performance.now() > deadline) {
      throw new TwinstoreError(
        'conflict',
        `Another command has been starting the stack ${name} for ${STARTED_BY_OTHER_MS / 60_000} minutes.`,
        `End that command, or remove ${join(folder.root, 'up.lock')} if there is none.`
      );
    }
    await sleep(200);
  }
}

/** Stop a stack. Answers whether it ran. Throws `deadline` when its supervisor stays for `withinMs`. */
export async function down(name: string, env: Environment, withinMs = DOWN_MS): Promise<boolean> {
  const state = readState(stackFolder(name, env));
  const stopped = state && (await askSupervisor(state.control, { verb: 'down' }));
  if (!stopped) {
    return false;
  }
  const deadline = performance.now() + withinMs;
  while (lives(stopped.pid)) {
    if (performance.now() > deadline) {
      throw new TwinstoreError(
        'deadline',
        `The supervisor of the stack ${name}, process ${stopped.pid}, did not end within ${withinMs / 1000} s.`,
        `End it (\`kill -9 ${stopped.pid}\`), then run \`twinstore stack down\` again.`,
        { side: 'twinstore' }
      );
    }
    await sleep(50);
  }
  return true;
}

/** Remove everything that a stopped stack holds. Answers the folder that is gone; null when there was none. */
export async function remove(name: string, env: Environment): Promise<string | null> {
  const folder = stackFolder(name, env);
  const state = readState(folder);
  if (!state) {
    return null;
  }
  removeControl(folder, state);
  await rm(folder.root, { recursive: true, force: true });
  return folder.root;
}

export async function status(name: string, env: Environment): Promise<IStackStatus> {
  const { root, settings } = stackFolder(name, env);
  return (await find(name, env)) ?? { name, running: false, folder: root, settings, supervisor: null, parts: [] };
}

/** Start or stop one part of a running stack. */
export async function change(
  name: string,
  verb: 'start' | 'stop',
  part: PartName,
  env: Environment
): Promise<IStackStatus> {
  const found = await find(name, env, { verb, part });
  if (!found) {
    throw new TwinstoreError(
      'unavailable',
      `The stack ${name} does not run.`,
      `Run \`twinstore stack up --name ${name}\`.`
    );
  }
  return found;
}

async function find(
  name: string,
  env: Environment,
  request: ControlRequest = { verb: 'status' }
): Promise<IStackStatus | null> {
  const { root, settings, ...folder } = stackFolder(name, env);
  const state = readState({ root, settings, ...folder });
  const answer = state && (await askSupervisor(state.control, request));
  if (!answer) {
    return null;
  }
  const { parts, ...supervisor } = answer;
  return { name, running: true, folder: root, settings, supervisor, parts };
}

/** Throws `conflict` when a running stack is not what is asked for: it would have to be stopped first. */
function requireSame(folder: IStackFolder, { heapMib, ports = {} }: IUpOptions): void {
  const state = readState(folder);
  if (!state) {
    return;
  }
  const differs =
    heapMib !== undefined && heapMib > state.cassandra_heap_mib
      ? `a heap of ${state.cassandra_heap_mib} MiB for Cassandra, less than ${heapMib} MiB`
      : (['cassandra', 's3'] as const)
          .filter(part => ports[part] !== undefined && ports[part] !== state.ports[part])
          .map(part => `port ${state.ports[part]} for ${part}, not ${ports[part] ?? ''}`)[0];
  if (differs) {
    throw new TwinstoreError(
      'conflict',
      `The stack ${state.name} runs already, with ${differs}.`,
      `Stop it first: \`twinstore stack down --name ${state.name}\` keeps its data.`
    );
  }
}

/** A stack that was found, once what it lacks has been started and what starts is there. */
async function completed(found: IStackStatus, { env, progress, signal }: IStackHost): Promise<IStackStatus> {
  let now = found;
  const deadline = performance.now() + STARTED_BY_OTHER_MS;
  while (now.parts.some(({ state }) => state !== 'running')) {
    signal?.throwIfAborted();
    if (performance.now() > deadline) {
      throw new TwinstoreError(
        'unavailable',
        `The stack ${now.name} has not been whole for ${STARTED_BY_OTHER_MS / 60_000} minutes.`,
        `See \`twinstore stack status --name ${now.name}\` and its logs, or stop it with \`twinstore stack down\`.`
      );
    }
    const done = now.parts.filter(({ state }) => state === 'running').length;
    progress({ stage: 'Starting Cassandra and S3', done, total: now.parts.length, unit: 'parts' });
    const halted = now.parts.find(({ state }) => state === 'stopped' || state === 'failed');
    if (halted) {
      now = await change(now.name, 'start', halted.name, env);
    } else {
      await sleep(200);
      now = await status(now.name, env);
    }
  }
  return now;
}

/** Answers the seconds that downloads took. */
async function start(name: string, folder: IStackFolder, options: IUpOptions, host: IStackHost): Promise<number> {
  const { env, room } = host;
  const before = readState(folder);
  const heapMib = options.heapMib ?? before?.cassandra_heap_mib ?? SMALL_HEAP_MIB;
  if (heapMib < MIN_HEAP_MIB) {
    throw new TwinstoreError(
      'bad_request',
      `Cassandra does not start with a heap of ${heapMib} MiB.`,
      `Give it ${MIN_HEAP_MIB} MiB or more (\`--heap\`).`
    );
  }
  // Beside its heap Cassandra takes about 250 MiB for classes, threads and buffers.
  requireMemory((heapMib + 250) * 1024 ** 2 + OTHERS_BYTES, room);
  requireDisk(DATA_BYTES, folder.root, room);
  const javaHome = await findJava(env, host.python);
  const cache = cacheFolder(env);
  const downloadS = await bringJars(cache, javaHome, host);
  const state: IStackState = {
    format: 1,
    name,
    ports: await choosePorts(options.ports ?? {}, before?.ports),
    java_home: javaHome,
    cache,
    cassandra_heap_mib: heapMib,
    control: controlSocket(folder, before)
  };
  mkdirSync(folder.logs, { recursive: true, mode: 0o700 });
  s3Credentials(folder);
  cassandraLogin(folder);
  writeState(folder, state);
  writeSettings(folder.settings, {
    name,
    ports: state.ports,
    s3Credentials: folder.s3Credentials,
    cassandraCredentials: folder.cassandraCredentials,
    sparkJars: jarFolder(cache, 'spark'),
    javaHome,
    small: heapMib <= SMALL_HEAP_MIB
  });
  try {
    await launch(name, folder, options.owned ?? false, host);
  } catch (error) {
    // The next start is not to fail of the same wish.
    const { ports = state.ports, cassandra_heap_mib = SMALL_HEAP_MIB } = before ?? {};
    writeState(folder, { ...state, ports, cassandra_heap_mib });
    throw error;
  }
  return downloadS;
}

async function bringJars(cache: string, javaHome: string, host: IStackHost): Promise<number> {
  const sets = Object.entries(JAR_SETS);
  const missing = await Promise.all(sets.map(([set, jars]) => missingJars(jarFolder(cache, set), jars)));
  const bytes = missing.flat().reduce((sum, jar) => sum + jar.bytes, 0);
  if (bytes === 0) {
    return 0;
  }
  // Twice: Ivy keeps its own copy until a set is whole.
  requireDisk(2 * bytes, cache, host.room);
  const started = performance.now();
  await fetchJars(JAR_SETS, {
    folder: join(cache, 'jars'),
    javaHome,
    ivyFolder: async () => join(await packageFolder(host.python(), 'pyspark'), 'jars'),
    progress: host.progress,
    signal: host.signal
  });
  return (performance.now() - started) / 1000;
}

/** Start the supervisor and wait until it says that all parts answer. */
async function launch(name: string, folder: IStackFolder, owned: boolean, host: IStackHost): Promise<void> {
  const [command = '', ...args] = host.supervisor;
  const log = openSync(join(folder.logs, 'supervisor.log'), 'a', 0o600);
  const supervisor = spawn(command, [...args, 'supervise', '--name', name, ...(owned ? ['--owned'] : [])], {
    // Its own session: Ctrl-C in a terminal must not cut its clean-up short.
    detached: true,
    stdio: [owned ? 'pipe' : 'ignore', 'pipe', log],
    env: host.env as NodeJS.ProcessEnv
  });
  closeSync(log);
  const exited = once(supervisor, 'exit');
  exited.catch(() => undefined); // `ready` says why it did not start.
  const abort = (): boolean => supervisor.kill('SIGTERM');
  host.signal?.addEventListener('abort', abort);
  try {
    await ready(supervisor, folder, host.progress);
    if (host.signal?.aborted) {
      await exited;
      host.signal.throwIfAborted();
    }
  } finally {
    host.signal?.removeEventListener('abort', abort);
    supervisor.stdout?.destroy();
    supervisor.unref();
    // The pipe to an owned supervisor stays open until this process ends, but does not keep it.
    (supervisor.stdin as Socket | null)?.unref();
  }
}

function ready(supervisor: ChildProcess, folder: IStackFolder, progress: Progress): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (why: string): void =>
      reject(
        new TwinstoreError(
          'unavailable',
          `The stack's supervisor ended (${why}).`,
          `See ${folder.logs}/supervisor.log.`
        )
      );
    supervisor.once('error', error => ended(error.message));
    supervisor.once('close', code => ended(`exit ${String(code)}`));
    if (!supervisor.stdout) {
      return ended('no output');
    }
    createInterface({ input: supervisor.stdout }).on('line', line => {
      const event: SupervisorEvent = JSON.parse(line);
      if (event.type === 'progress') {
        progress(event.progress);
      } else if (event.type === 'ready') {
        resolve();
      } else {
        reject(TwinstoreError.fromBody(event.error));
      }
    });
  });
}

/** Where the energy input of a stack lies; null when there is no such stack. */
export function stackInputTarget(name: string, env: Environment): IInputTarget | null {
  const folder = stackFolder(name, env);
  const state = readState(folder);
  return state && s3Target(state.ports.s3, s3Credentials(folder), 'raw', 'energy');
}
