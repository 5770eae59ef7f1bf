import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveControl } from '../../src/stack/control';
import { down } from '../../src/stack/local_stack';
import { stackFolder } from '../../src/stack/paths';
import { alone, writeState } from '../../src/stack/state';
import { Supervisor, errorBody } from '../../src/stack/supervisor';
import { STATE } from './stack_state';

const home = mkdtempSync(join(tmpdir(), 'stack-'));
afterAll(() => rmSync(home, { recursive: true }));

test('a supervisor that stays is no stack that is down', async () => {
  const env = { XDG_STATE_HOME: home };
  const folder = stackFolder('x', env);
  const control = join(home, 'control.sock');
  await alone(folder, async () => writeState(folder, { ...STATE, control }));
  const server = await serveControl(control, () => new Supervisor([], process.pid).status(), errorBody);
  await expect(down('x', env, 100)).rejects.toMatchObject({
    code: 'deadline',
    message: `The supervisor of the stack x, process ${process.pid}, did not end within 0.1 s.`,
    remedy: expect.stringContaining(`kill -9 ${process.pid}`)
  });
  await new Promise(done => server.close(done));
});
