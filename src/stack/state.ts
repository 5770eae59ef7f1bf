import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TwinstoreError } from '../contract';
import { lives } from './lives';
import type { IStackFolder } from './paths';
import type { IPorts } from './ports';

/** What a stack remembers between two starts: the content of `state.json`. */
export interface IStackState {
  format: 1;
  name: string;
  ports: IPorts;
  java_home: string;
  /** Folder of downloads. */
  cache: string;
  cassandra_heap_mib: number;
  /** Where the supervisor listens while it runs. */
  control: string;
}

/** A Unix socket's path is limited to 104 bytes on some systems. */
const SOCKET_PATH_MAX = 100;

/** The state of a stack; null when it never started. */
export function readState(folder: IStackFolder): IStackState | null {
  try {
    const state: IStackState = JSON.parse(readFileSync(folder.state, 'utf8'));
    return state.format === 1 ? state : null;
  } catch {
    return null; // A file that is missing or broken is made again.
  }
}

export function writeState(folder: IStackFolder, state: IStackState): void {
  const draft = `${folder.state}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, folder.state);
}

/** Where the supervisor of the next start is to listen; the place of the start before is gone then. */
export function controlSocket(folder: IStackFolder, before: IStackState | null): string {
  if (before) {
    removeControl(folder, before);
  }
  const beside = join(folder.root, 'control.sock');
  return Buffer.byteLength(beside) <= SOCKET_PATH_MAX
    ? beside
    : join(mkdtempSync(join(tmpdir(), 'twinstore-')), 'control.sock');
}

/** Remove a supervisor's socket, and the folder that was made for it alone. */
export function removeControl({ root }: IStackFolder, { control }: IStackState): void {
  rmSync(control, { force: true });
  const place = dirname(control);
  if (place !== root && existsSync(place) && readdirSync(place).length === 0) {
    rmdirSync(place);
  }
}

/** Do `work` while no other process does the same for this stack; answers false, at once, when one does. */
export async function alone(folder: IStackFolder, work: () => Promise<void>): Promise<boolean> {
  try {
    mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new TwinstoreError(
      'bad_request',
      `The folder ${folder.root} could not be made (${String((cause as NodeJS.ErrnoException).code)}).`,
      'Set XDG_STATE_HOME to a folder that you may write.',
      { cause }
    );
  }
  const lock = join(folder.root, 'up.lock');
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
    if (holderLives(lock)) {
      return false;
    }
    rmSync(lock, { force: true });
  }
  try {
    await work();
    return true;
  } finally {
    rmSync(lock, { force: true });
  }
}

function holderLives(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // Empty: it was made this moment.
    return pid === 0 || lives(pid);
  } catch {
    return false;
  }
}
