import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IContext } from '../../src/cli/command';
import { copyExamples, energyNotebook } from '../../src/cli/notebooks';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'notebooks-'))));
afterEach(() => rmSync(home, { recursive: true }));

/** A program below `root`, where notebooks lie in `folder`. */
function installed(folder: string): IContext {
  const examples = join(home, 'root', folder);
  mkdirSync(examples, { recursive: true });
  for (const name of ['energy_features.ipynb', 'training_set.ipynb', 'notes.txt']) {
    writeFileSync(join(examples, name), 'as shipped');
  }
  mkdirSync(join(home, 'work'));
  return { cwd: join(home, 'work'), program: join(home, 'root', 'twinstore', '_node', 'cli.js') } as IContext;
}

test('of a checkout the notebook itself is run', async () => {
  await expect(energyNotebook(installed('notebooks'))).resolves.toBe(
    join(home, 'root', 'notebooks', 'energy_features.ipynb')
  );
  expect(readdirSync(join(home, 'work'))).toEqual([]);
});

test('of an installed package a copy in the working folder is run', async () => {
  const own = join(home, 'work', 'notebooks');
  await expect(energyNotebook(installed(join('twinstore', 'notebooks')))).resolves.toBe(
    join(own, 'energy_features.ipynb')
  );
  expect(readdirSync(own)).toEqual(['energy_features.ipynb', 'training_set.ipynb']);
});

test('a notebook that is there already stays as it is', async () => {
  const context = installed('notebooks');
  writeFileSync(join(home, 'work', 'training_set.ipynb'), 'as changed');
  await copyExamples(join(home, 'work'), context);
  expect(readFileSync(join(home, 'work', 'training_set.ipynb'), 'utf8')).toBe('as changed');
  expect(readFileSync(join(home, 'work', 'energy_features.ipynb'), 'utf8')).toBe('as shipped');
});

test('an installation without notebooks says so', async () => {
  const program = join(home, 'cli.js');
  await expect(energyNotebook({ cwd: home, program } as IContext)).rejects.toMatchObject({
    code: 'not_found',
    message: `No ${join('notebooks', 'energy_features.ipynb')} lies above ${program}.`
  });
});
