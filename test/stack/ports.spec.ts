import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { HOST, choosePorts, freePort, requireFree } from '../../src/stack/ports';

let server: Server;
let taken: number;

beforeEach(async () => {
  server = createServer().listen(0, HOST);
  await new Promise(resolve => server.once('listening', resolve));
  taken = (server.address() as AddressInfo).port;
});
afterEach(() => new Promise(resolve => server.close(resolve)));

test('three free ports are found, none twice', async () => {
  const ports = Object.values(await choosePorts({}));
  expect(new Set(ports).size).toBe(3);
  expect(ports).not.toContain(taken);
});

test('ports of the last start are taken again while they are free, and replaced one by one when not', async () => {
  const before = await choosePorts({});
  expect(await choosePorts({}, before)).toEqual(before);
  const after = await choosePorts({}, { ...before, s3: taken });
  expect(after.cassandra).toBe(before.cassandra);
  expect(after.s3).not.toBe(taken);
});

test('a port that was asked for and is taken is refused, with who wants it and what to do', async () => {
  await expect(choosePorts({ s3: taken })).rejects.toMatchObject({
    code: 'conflict',
    message: `Port ${taken} of 127.0.0.1, on which the S3 server is to listen, is taken.`,
    remedy: 'End what listens there, or choose another port (`--s3-port`).'
  });
  await expect(requireFree('Cassandra', '--cassandra-port', taken)).rejects.toThrow('Cassandra');
  await requireFree('Cassandra', '--cassandra-port', await freePort(0));
});

test('a wish for a port that may be another yields another when it is taken', async () => {
  const free = await freePort(0);
  expect(await freePort(free)).toBe(free);
  expect(await freePort(taken)).not.toBe(taken);
});
