import { Signal } from '@lumino/signaling';
import { TwinstoreError } from '../../src/contract';
import { FollowingModel } from '../../src/lab/following_model';
import { PolledModel } from '../../src/lab/polled_model';
import type { IGroupContext, IRequestOptions } from '../../src/tokens';
import { settled } from './fake_server';
import { anAnswer, NOW_US, quietAppearance } from './samples';

const appearance = quietAppearance();
const now = (): number => NOW_US / 1000;
const broken = new TwinstoreError('store_failed', 'S3 did not answer.', 'Start it.');

describe('PolledModel', () => {
  it('reads at once and says when', async () => {
    const model = new PolledModel({ name: 'test', fetch: async () => 'first', appearance, now });
    await settled();
    expect([model.data, model.error, model.readUs]).toEqual(['first', null, NOW_US]);
    model.dispose();
  });

  it('keeps the data when a later reading fails, and drops the error when one succeeds', async () => {
    const answers = [async () => 'first', () => Promise.reject(broken), async () => 'third'];
    const fetch = (): Promise<string> => (answers.shift() ?? answers[0])?.() ?? Promise.reject(broken);
    const model = new PolledModel({ name: 'test', fetch, appearance, now });
    await settled();
    await model.refresh();
    expect([model.data, model.error]).toEqual(['first', broken]);
    await model.refresh();
    expect([model.data, model.error]).toEqual(['third', null]);
    model.dispose();
  });

  it('counts a reading as a poll unless someone asked for it', async () => {
    const polls: (boolean | undefined)[] = [];
    const fetch = async ({ poll }: IRequestOptions): Promise<number> => polls.push(poll);
    const model = new PolledModel({ name: 'test', fetch, appearance });
    await settled();
    await model.refresh();
    expect(polls).toEqual([true, false]);
    model.dispose();
  });

  it('lets a slow answer not overwrite the one that was asked for after it', async () => {
    const late: ((value: string) => void)[] = [];
    const fetch = (): Promise<string> => new Promise(resolve => late.push(resolve));
    const model = new PolledModel({ name: 'test', fetch, appearance });
    await settled();
    const refreshed = model.refresh();
    await settled();
    late[1]?.('second');
    await refreshed;
    late[0]?.('first');
    await settled();
    expect(model.data).toBe('second');
    model.dispose();
  });

  it('reads once more when it is asked to while it reads because it was asked to', async () => {
    const answers: ((value: string) => void)[] = [];
    const fetch = (): Promise<string> => new Promise(resolve => answers.push(resolve));
    const model = new PolledModel({ name: 'test', fetch, appearance, polls: false });
    const first = model.refresh();
    await settled();
    const second = model.refresh();
    await settled();
    answers[0]?.('before the wish');
    answers[1]?.('after the wish');
    await Promise.all([first, second]);
    expect(model.data).toBe('after the wish');
    model.dispose();
  });

  it('reads nothing by itself while nobody sees it, and at once when somebody does', async () => {
    let reads = 0;
    const model = new PolledModel({ name: 'test', fetch: async () => ++reads, appearance });
    model.setSeen(false);
    await settled();
    await model.refresh();
    expect(reads).toBe(0);
    model.setSeen(true);
    await settled();
    expect(reads).toBe(1);
    model.dispose();
  });

  it('is not read again at once when it was out of sight for a moment', async () => {
    let reads = 0;
    const model = new PolledModel({ name: 'test', fetch: async () => ++reads, appearance });
    await settled();
    model.setSeen(false);
    model.setSeen(true);
    await settled();
    expect(reads).toBe(1);
    model.dispose();
  });

  it('gives up its request when it is disposed, and changes no more', async () => {
    let signal: AbortSignal | undefined;
    const fetch = (request: IRequestOptions): Promise<string> => {
      signal = request.signal;
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(broken)));
    };
    const model = new PolledModel({ name: 'test', fetch, appearance });
    let changes = 0;
    model.stateChanged.connect(() => changes++);
    await settled();
    model.dispose();
    await settled();
    expect(signal?.aborted).toBe(true);
    expect([changes, model.error]).toEqual([0, null]);
  });
});

describe('FollowingModel', () => {
  class Group implements IGroupContext {
    readonly name = 'energy';
    data = anAnswer();
    readonly stateChanged = new Signal<this, void>(this);
  }

  it('reads when the mark is another one, and not when only time has passed', async () => {
    const group = new Group();
    let reads = 0;
    const model = new FollowingModel({
      name: 'test',
      fetch: async () => ++reads,
      appearance,
      source: group,
      mark: ({ summary: { head } }) => String(head)
    });
    await settled();
    group.stateChanged.emit();
    await settled();
    expect(reads).toBe(1);
    group.data = anAnswer({ head: 42 });
    group.stateChanged.emit();
    await settled();
    expect([reads, model.data]).toEqual([2, 2]);
    model.dispose();
    group.data = anAnswer({ head: 43 });
    group.stateChanged.emit();
    await settled();
    expect(reads).toBe(2);
  });

  it('does not lose a change that comes while it reads', async () => {
    const group = new Group();
    const answers: ((value: string) => void)[] = [];
    const model = new FollowingModel({
      name: 'test',
      fetch: () => new Promise<string>(resolve => answers.push(resolve)),
      appearance,
      source: group,
      mark: ({ summary: { head } }) => String(head)
    });
    await settled();
    group.data = anAnswer({ head: 42 });
    group.stateChanged.emit();
    await settled();
    answers[0]?.('at 41');
    answers[1]?.('at 42');
    await settled();
    expect(model.data).toBe('at 42');
    model.dispose();
  });

  it('reads while the page is hidden, for it is not asked twice', async () => {
    const hidden = jest.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    const model = new FollowingModel({
      name: 'test',
      fetch: async () => 'read',
      appearance,
      source: new Group(),
      mark: () => 'same'
    });
    await settled();
    expect(model.data).toBe('read');
    model.dispose();
    hidden.mockRestore();
  });

  it('after a failure waits for the next reading of the group, and says that nobody asked', async () => {
    const group = new Group();
    const polls: (boolean | undefined)[] = [];
    const fetch = ({ poll }: IRequestOptions): Promise<string> => {
      polls.push(poll);
      return Promise.reject(broken);
    };
    const model = new FollowingModel({ name: 'test', fetch, appearance, source: group, mark: () => 'same' });
    await settled();
    group.stateChanged.emit();
    await settled();
    expect(polls).toEqual([true]);
    group.data = anAnswer();
    group.stateChanged.emit();
    await settled();
    expect(polls).toEqual([true, true]);
    model.dispose();
  });

  it('reads again with the group after a reading has failed', async () => {
    const group = new Group();
    let isBroken = true;
    const fetch = async (): Promise<string> => {
      if (isBroken) {
        throw broken;
      }
      return 'read';
    };
    const model = new FollowingModel({ name: 'test', fetch, appearance, source: group, mark: () => 'same' });
    await settled();
    expect(model.error).toBe(broken);
    isBroken = false;
    group.data = anAnswer();
    group.stateChanged.emit();
    await settled();
    expect(model.data).toBe('read');
    model.dispose();
  });

  it('reads nothing before it is started when it waits', async () => {
    let reads = 0;
    const fetch = async (): Promise<number> => ++reads;
    const source = new Group();
    const model = new FollowingModel({ name: 'test', fetch, appearance, source, mark: () => 'same', waits: true });
    source.stateChanged.emit();
    await settled();
    expect(reads).toBe(0);
    model.start();
    model.start();
    await settled();
    expect(reads).toBe(1);
    model.dispose();
  });
});
