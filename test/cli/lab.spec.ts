import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { STOP_MS } from '../../src/cli/lab';

test('JupyterLab gets longer to end than its server gives to a job', () => {
  const jobs = resolve(__dirname, '../../python-helpers/twinstore/server/jobs.py');
  const grace = [...readFileSync(jobs, 'utf8').matchAll(/(stop|terminate)_s: float = (\d+)/g)];
  expect(grace.map(([, what]) => what)).toEqual(['stop', 'terminate']);
  expect(STOP_MS / 1000).toBeGreaterThan(grace.reduce((sum, [, , seconds]) => sum + Number(seconds), 0));
});
