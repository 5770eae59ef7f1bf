import { setTimeout as sleep } from 'node:timers/promises';

import { Limiter } from '../../../../src/companion/delta/store';
import { ALIVE } from '../../support/engine';

describe('Limiter', () => {
  it('lets at most its limit run at once, and all in the end', async () => {
    const limiter = new Limiter(3);
    let running = 0;
    let most = 0;
    const task = async (i: number) => {
      most = Math.max(most, ++running);
      await sleep(2);
      running -= 1;
      return i;
    };
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => limiter.run(() => task(i), ALIVE)));
    expect([most, results.length, new Set(results).size]).toEqual([3, 20, 20]);
  });

  it('lets the next one in after a failure', async () => {
    const limiter = new Limiter(1);
    await expect(limiter.run(() => Promise.reject(new Error('no')), ALIVE)).rejects.toThrow('no');
    expect(await limiter.run(() => Promise.resolve(1), ALIVE)).toBe(1);
  });

  it('lets who waits leave when it is aborted, without losing a place', async () => {
    const limiter = new Limiter(1);
    const controller = new AbortController();
    const first = limiter.run(() => sleep(30), ALIVE);
    const waiting = limiter.run(() => Promise.resolve('never'), controller.signal);
    const third = limiter.run(() => Promise.resolve('third'), ALIVE);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    await first;
    expect(await third).toBe('third');
  });
});
