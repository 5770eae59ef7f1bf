import { setTimeout as sleep } from 'node:timers/promises';

import { Pool } from '../../../../src/companion/delta/store';
import { ALIVE } from '../../support/engine';

describe('Pool', () => {
  const any = () => true;
  const hold = (thing: string) => sleep(5).then(() => thing);

  it('lends each thing to one task at a time, the one that was used last first', async () => {
    const pool = new Pool(['a', 'b']);
    expect(await pool.use(any, hold, ALIVE)).toBe('b');
    expect(await Promise.all([1, 2, 3].map(() => pool.use(any, hold, ALIVE)))).toEqual(['b', 'a', 'b']);
  });

  it('lets who wants a certain thing wait for it, and those behind take another', async () => {
    const pool = new Pool(['a', 'b']);
    const ended: string[] = [];
    const use = async (name: string, isFit: (thing: string) => boolean) => {
      const thing = await pool.use(isFit, hold, ALIVE);
      ended.push(`${name}:${thing}`);
    };
    const isB = (thing: string) => thing === 'b';
    await Promise.all([use('first', isB), use('second', isB), use('third', any), use('fourth', any)]);
    expect(ended).toEqual(['first:b', 'third:a', 'second:b', 'fourth:a']);
  });

  it('loses nothing when a task fails or leaves while it waits', async () => {
    const pool = new Pool(['a']);
    const controller = new AbortController();
    const failing = pool.use(any, () => Promise.reject(new Error('no')), ALIVE);
    const leaving = pool.use(any, hold, controller.signal);
    controller.abort(new Error('left'));
    await expect(failing).rejects.toThrow('no');
    await expect(leaving).rejects.toThrow('left');
    await expect(pool.use(any, hold, controller.signal)).rejects.toThrow('left');
    expect(await pool.use(any, hold, ALIVE)).toBe('a');
  });

  it('does not begin for who leaves when its turn has come', async () => {
    const pool = new Pool(['a']);
    const controller = new AbortController();
    const begun = jest.fn(() => Promise.resolve());
    let end = () => {};
    const ending = new Promise<void>(resolve => (end = resolve));
    const first = pool.use(any, () => ending, ALIVE);
    const second = pool.use(any, begun, controller.signal);
    await sleep(0);
    // After the thing was handed on, and before the task begins.
    void ending.then(() => controller.abort(new Error('late')));
    end();
    await first;
    await expect(second).rejects.toThrow('late');
    expect(begun).not.toHaveBeenCalled();
    expect(await pool.use(any, hold, ALIVE)).toBe('a');
  });
});
