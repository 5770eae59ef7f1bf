import { existsSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname } from 'node:path';
import { TwinstoreError } from '../contract';

const MIB = 1024 ** 2;

/** What a machine has left. */
export interface IRoom {
  memoryBytes: number;
  diskBytes(folder: string): number;
}

/** The room that this machine has. */
export const thisMachine: IRoom = {
  // Counts the limit of a container. Elsewhere than on Linux it leaves out what the system's caches would give back.
  get memoryBytes() {
    return process.platform === 'linux' ? (process.availableMemory?.() ?? freemem()) : Infinity;
  },
  diskBytes(folder) {
    let existing = folder;
    while (!existsSync(existing)) {
      existing = dirname(existing);
    }
    const { bavail, bsize } = statfsSync(existing);
    return bavail * bsize;
  }
};

/** Throws `unavailable` when less memory is free than a stack needs. */
export function requireMemory(neededBytes: number, room: IRoom): void {
  if (room.memoryBytes < neededBytes) {
    throw new TwinstoreError(
      'unavailable',
      `The local stack needs ${mib(neededBytes)} of free memory and this machine has ${mib(room.memoryBytes)}.`,
      'Close other programs, or stop another stack (`twinstore stack down`).'
    );
  }
}

/** Throws `unavailable` when a folder's disk has less room than will be written. */
export function requireDisk(neededBytes: number, folder: string, room: IRoom): void {
  const free = room.diskBytes(folder);
  if (free < neededBytes) {
    throw new TwinstoreError(
      'unavailable',
      `The disk of ${folder} needs ${mib(neededBytes)} of free space and has ${mib(free)}.`,
      'Free some space, or set XDG_STATE_HOME and XDG_CACHE_HOME to folders on another disk.'
    );
  }
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / MIB)} MiB`;
}
