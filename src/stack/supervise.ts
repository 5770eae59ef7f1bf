import { join } from 'node:path';
import { TwinstoreError } from '../contract';
import type { IErrorBody, IJobProgress } from '../contract';
import { cassandra } from './cassandra';
import { askSupervisor, serveControl } from './control';
import { cassandraLogin, s3Credentials } from './credentials';
import type { ControlRequest, ISupervisorStatus } from './control';
import { JAR_SETS, jarFile, jarFolder } from './jars';
import type { IPart } from './part';
import { stackFolder } from './paths';
import type { Environment } from './paths';
import { s3 } from './s3';
import { readState, removeControl } from './state';
import { Supervisor, errorBody } from './supervisor';

/** What a supervisor prints, line by line, until it is ready or has failed. */
export type SupervisorEvent =
  { type: 'progress'; progress: IJobProgress } | { type: 'ready' } | { type: 'failed'; error: IErrorBody };

/** What a supervisor needs of its process. */
export interface ISupervisorProcess {
  pid: number;
  env: Environment;
  print(event: SupervisorEvent): void;
  /** Ends when the owner of the stack does; absent for a stack that outlives the command that started it. */
  owner?: NodeJS.ReadableStream;
  /** Call back when the process is asked to end. */
  onSignal(stop: () => void): void;
}

/** Run the stack called `name` until it is told to stop. Resolves to the exit code. */
export async function supervise(name: string, host: ISupervisorProcess): Promise<number> {
  const folder = stackFolder(name, host.env);
  const state = readState(folder);
  if (!state || (await askSupervisor(state.control, { verb: 'status' }))) {
    const error = new TwinstoreError(
      'conflict',
      `The stack ${name} has a supervisor.`,
      'Run `twinstore stack status`.'
    );
    host.print({ type: 'failed', error: error.toBody('') });
    return 1;
  }
  const supervisor = new Supervisor(partsOf(name, host.env), host.pid);
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>(resolve => (stop = resolve));
  const server = await serveControl(state.control, request => answer(supervisor, request, stop), errorBody);
  host.onSignal(stop);
  host.owner?.once('end', stop).once('error', stop).resume();
  try {
    const started = supervisor.startAll((done, total) =>
      host.print({ type: 'progress', progress: { stage: 'Starting Cassandra and S3', done, total, unit: 'parts' } })
    );
    await Promise.race([started, stopped]);
    host.print({ type: 'ready' });
    await stopped;
    await Promise.all([supervisor.stopAll(), started.catch(() => undefined)]); // Stopped in the middle of its start.
    return 0;
  } catch (error) {
    host.print({ type: 'failed', error: errorBody(error) });
    return 1;
  } finally {
    host.owner?.pause(); // Else it keeps the process.
    server.close();
    removeControl(folder, state);
  }
}

async function answer(supervisor: Supervisor, request: ControlRequest, stop: () => void): Promise<ISupervisorStatus> {
  switch (request.verb) {
    case 'start':
      await supervisor.part(request.part).start();
      break;
    case 'stop':
      await supervisor.part(request.part).stop();
      break;
    case 'down':
      await supervisor.stopAll();
      stop();
      break;
    case 'status':
  }
  return supervisor.status();
}

/** Parts of a stack as its state describes them; their configuration is written. */
function partsOf(name: string, env: Environment): IPart[] {
  const folder = stackFolder(name, env);
  const state = readState(folder);
  if (!state) {
    return [];
  }
  const { ports, java_home: javaHome, cache } = state;
  const [proxy] = JAR_SETS.s3proxy;
  return [
    cassandra({
      name,
      login: cassandraLogin(folder),
      folder: folder.cassandra,
      log: join(folder.logs, 'cassandra.log'),
      jars: jarFolder(cache, 'cassandra'),
      javaHome,
      ports,
      heapMib: state.cassandra_heap_mib
    }),
    s3({
      folder: folder.s3,
      log: join(folder.logs, 's3.log'),
      jar: join(jarFolder(cache, 's3proxy'), proxy ? jarFile(proxy) : ''),
      javaHome,
      port: ports.s3,
      credentials: s3Credentials(folder)
    })
  ];
}
