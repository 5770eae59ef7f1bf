import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireDisk, requireMemory, thisMachine } from '../../src/stack/preflight';

const MIB = 1024 ** 2;
const small = { memoryBytes: 300 * MIB, diskBytes: () => 100 * MIB };

test('too little free memory is refused before anything starts, with both numbers', () => {
  expect(() => requireMemory(900 * MIB, small)).toThrow(
    'The local stack needs 900 MiB of free memory and this machine has 300 MiB.'
  );
  requireMemory(300 * MIB, small);
});

test('too little room on the disk is refused with the folder and both numbers', () => {
  expect(() => requireDisk(1024 * MIB, '/var/data', small)).toThrow(
    'The disk of /var/data needs 1024 MiB of free space and has 100 MiB.'
  );
  requireDisk(100 * MIB, '/var/data', small);
});

test('the room of this machine is told also for a folder that is yet to be made', () => {
  expect(thisMachine.diskBytes(join(tmpdir(), 'not', 'yet'))).toBeGreaterThan(0);
  expect(thisMachine.memoryBytes).toBeGreaterThan(0);
});
