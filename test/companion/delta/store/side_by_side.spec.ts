import { setTimeout as sleep } from 'node:timers/promises';

import { sideBySide } from '../../../../src/companion/delta/store';
import { ALIVE } from '../../support/engine';

describe('sideBySide', () => {
  it('answers in the order of what it was given', async () => {
    const answers = await sideBySide([3, 1, 2], ALIVE, (n, _, i) => sleep(n).then(() => [n, i]));
    expect(answers).toEqual([
      [3, 0],
      [1, 1],
      [2, 2]
    ]);
  });

  it('gives the others up with the first that fails', async () => {
    const reasons: unknown[] = [];
    const work = (n: number, either: AbortSignal) =>
      n === 0
        ? sleep(1).then(() => Promise.reject(new Error('damaged')))
        : new Promise<never>((_, reject) =>
            either.addEventListener('abort', () => (reasons.push(either.reason), reject(either.reason)))
          );
    await expect(sideBySide([0, 1, 2], ALIVE, work)).rejects.toThrow('damaged');
    expect(reasons).toEqual([new Error('damaged'), new Error('damaged')]);
  });

  it('gives all up with whoever asked', async () => {
    const controller = new AbortController();
    const work = (_: number, either: AbortSignal) => sleep(10_000, null, { signal: either });
    const asked = sideBySide([1, 2], controller.signal, work);
    controller.abort(new Error('enough'));
    await expect(asked).rejects.toThrow();
  });
});
