import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { TwinstoreError } from '../../../src/contract';
import type { IGroupSummary } from '../../../src/contract';
import { errorBody } from '../../../src/companion/error_body';
import { Catalogue } from '../../../src/companion/groups';
import type { IRootFolder } from '../../../src/companion/groups';
import { clientOptions, OnlineStore } from '../../../src/companion/online';
import { Redactor } from '../../../src/companion/redaction';
import { logFile, metaData, PROTOCOL, write, writeCommit } from '../support/delta_files';
import { ALIVE, localEngine } from '../support/engine';
import { GroupFiles } from '../support/group_files';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

/** Nothing listens there: what is said of the online store has its own tests on a real one. */
const HOST = '127.0.0.1:1';
const online = new OnlineStore('Cassandra', HOST, clientOptions({ hosts: [HOST], datacenter: 'datacenter1' }, null));

type Row = Record<string, unknown>;

/** A store that answers each question for its tables with these. */
class AnsweringStore extends OnlineStore {
  constructor(private readonly tables: Row[]) {
    super('Cassandra', HOST, clientOptions({ hosts: [HOST], datacenter: 'datacenter1' }, null));
  }

  override async rows(): ReturnType<OnlineStore['rows']> {
    return this.tables as Awaited<ReturnType<OnlineStore['rows']>>;
  }
}

let root: string;
beforeEach(() => (root = temporaryFolder()));
afterAll(() => {
  removeTemporaryFolders();
  online.dispose();
});

function catalogue(
  roots: readonly IRootFolder[] = [{ location: root, depth: 1 }],
  engine = localEngine('/'),
  store: OnlineStore = online
): Catalogue {
  const redactor = new Redactor();
  const toBody = (error: unknown) => errorBody(error, '', redactor);
  return new Catalogue({ engine, online: store, nowUs: () => 1e15, proofMaxAgeS: 86_400, toBody }, roots);
}

const group = (name: string, folder = name) => new GroupFiles(join(root, folder), name);

async function only(from = catalogue()): Promise<IGroupSummary> {
  const { groups, errors } = await from.list(ALIVE);
  expect(errors).toEqual([]);
  expect(groups).toHaveLength(1);
  return groups[0]!;
}

describe('Catalogue', () => {
  it('takes a copy of a table for no group, and one behind a link for what it is', async () => {
    group('energy').create();
    cpSync(join(root, 'energy'), join(root, 'copy'), { recursive: true });
    const link = join(temporaryFolder(), 'link');
    symlinkSync(root, link);
    expect((await only()).offline).toBe(join(root, 'energy'));
    expect((await only(catalogue([{ location: link, depth: 1 }]))).name).toBe('energy');
  });

  it('finds the groups one level below its roots, by name, and no other tables or folders', async () => {
    group('water').create();
    group('energy').create();
    mkdirSync(join(root, 'no_table'));
    writeCommit(join(root, 'plain_table'), 0, [PROTOCOL, metaData([])]);
    group('hidden', '_hidden').create();
    group('nested', 'no_table/nested').create();
    const { groups, errors } = await catalogue().list(ALIVE);
    expect(groups.map(({ name, offline }) => [name, offline])).toEqual([
      ['energy', join(root, 'energy')],
      ['water', join(root, 'water')]
    ]);
    expect(errors).toEqual([]);
    const deep = await catalogue([{ location: root, depth: 2 }]).list(ALIVE);
    expect(deep.groups.map(({ name }) => name)).toEqual(['energy', 'nested', 'water']);
  });

  it('lists a group once where roots lie in each other', async () => {
    group('energy', 'a/energy').create();
    const roots = [
      { location: root, depth: 2 },
      { location: join(root, 'a'), depth: 1 }
    ];
    await only(catalogue(roots));
  });

  it('tells head, watermark, lag and freshness of both stores', async () => {
    const files = group('energy').create().commit(1, '2014-01-01').commit(2, '2014-01-03').commit(3, '2014-01-02');
    const reader = catalogue();
    expect(await only(reader)).toMatchObject({
      head: 3,
      watermark: -1,
      lag: 4,
      online_event_us: null,
      last_receipt: null
    });
    files.receipt(-1, 1, { max_event_us: Date.UTC(2014, 0, 1) * 1000 });
    files.receipt(2, 3, { max_event_us: 1 });
    expect(await only(reader)).toMatchObject({
      head: 3,
      watermark: 1,
      lag: 2,
      offline_event_us: 1,
      online_event_us: Date.UTC(2014, 0, 1) * 1000,
      last_receipt: { run_id: 'run-3', by: 'tester', gap: { from: 2, to: 3 } }
    });
    files.receipt(1, 2);
    expect(await only(reader)).toMatchObject({ watermark: 3, lag: 0 });
    files.commit(4, '2014-02-01');
    expect(await only(reader)).toMatchObject({ head: 4, lag: 1, offline_event_us: Date.UTC(2014, 1, 1) * 1000 });
  });

  it('does not count receipts and proofs of an older table of the same name', async () => {
    group('energy').create().receipt(-1, 0, { table_id: 'older' }).proof(0, { table_id: 'older' });
    expect(await only()).toMatchObject({ watermark: -1, last_receipt: null, last_proof: null });
  });

  it('shows the newest proof that counts', async () => {
    const coverage = {
      how: 'sampled' as const,
      keys_compared: 1,
      keys_total: 9,
      extra_checked: false,
      base_proof: null
    };
    group('energy')
      .create()
      .proof(0)
      .proof(1, { verdict: 'unknown' })
      .proof(2, { coverage, verdict: 'no_difference_found' });
    const reader = catalogue();
    const summary = await only(reader);
    expect(summary.newest_proof_id).toBe('proof-2');
    const { proofs, total, last_proof } = await reader.proofs('energy', 1, ALIVE);
    expect([proofs.map(({ id }) => id), total, last_proof?.id]).toEqual([['proof-2'], 3, 'proof-0']);
    expect(summary.last_proof).toEqual({
      id: 'proof-0',
      verdict: 'in_parity',
      version: 0,
      at_us: 500_000,
      by: 'tester',
      coverage: { how: 'full', keys_compared: 1, keys_total: 1, extra_checked: true, base_proof: null },
      states: expect.objectContaining({ match: 1, mismatch: 0 }),
      duration_s: 1.5
    });
  });

  it('says that the online store is unreachable, and all that the offline store tells', async () => {
    group('energy').create().receipt(-1, 0).proof(0);
    const summary = await only();
    expect(summary).toMatchObject({
      state: 'unreachable',
      words: 'Cassandra unreachable',
      head: 0,
      watermark: 0,
      lag: 0
    });
    expect(summary.error?.message).toBe(`Cassandra at ${HOST} did not answer.`);
  });

  describe.each<[string, Row[], string, string]>([
    ['is gone', [], 'online table missing', 'does not exist'],
    [
      'belongs to another Delta table',
      [{ table_name: 'energy', comment: '{"twinstore": 1, "table_id": "another", "offline": "/elsewhere"}' }],
      'foreign online table',
      'does not belong to'
    ]
  ])('when the online table %s', (_, tables, words, message) => {
    it('is never in parity, however it was proved, and says the address and what to do', async () => {
      group('energy').create().receipt(-1, 0).proof(0);
      const summary = await only(catalogue(undefined, undefined, new AnsweringStore(tables)));
      expect(summary).toMatchObject({ state: 'differs', words, head: 0, watermark: 0 });
      expect(summary.error?.message).toContain(message);
      expect(summary.error?.message).toContain(summary.online);
      expect(summary.error?.remedy).toContain('anew');
    });
  });

  it('gives receipts and proofs as the contract says, newest first, up to the limit', async () => {
    group('energy').create().receipt(-1, 0).receipt(0, 1).proof(0).proof(1, { verdict: 'out_of_parity' });
    const reader = catalogue();
    const { receipts, total } = await reader.receipts('energy', 1, ALIVE);
    expect(total).toBe(2);
    expect(receipts).toEqual([
      expect.objectContaining({
        run_id: 'run-1',
        gap: { from: 0, to: 1 },
        durations_s: { append: 0.5 },
        resumed: ['run-0'],
        notes: ['a note'],
        kept: true,
        repeatable: true,
        max_event_us: null
      })
    ]);
    const { proofs } = await reader.proofs('energy', 10, ALIVE);
    expect(proofs.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['proof-1', 'out_of_parity'],
      ['proof-0', 'in_parity']
    ]);
    const answer = await reader.get('energy', ALIVE);
    expect(answer).toMatchObject({ table_id: 'id-of-energy', definition: { keys: ['household_id'] } });
  });

  it('refuses a name that nobody or more than one carries', async () => {
    group('energy').create();
    group('energy', 'other').create();
    await expect(catalogue().get('water', ALIVE)).rejects.toMatchObject({ code: 'not_found' });
    await expect(catalogue().get('energy', ALIVE)).rejects.toThrow(
      `Two feature groups are named energy: ${join(root, 'energy')} and ${join(root, 'other')}.`
    );
    await expect(catalogue([]).get('energy', ALIVE)).rejects.toThrow(/none is configured/);
  });

  it('says why a root cannot be listed rather than that a group is not there', async () => {
    const engine = localEngine('/');
    const failure = new TwinstoreError('store_failed', 'S3 refused the key.', 'Correct the credentials.');
    jest.spyOn(engine.store, 'list').mockRejectedValue(failure);
    const reader = catalogue(undefined, engine);
    for (const ask of [
      () => reader.get('energy', ALIVE),
      () => reader.receipts('energy', 1, ALIVE),
      () => reader.proofs('energy', 1, ALIVE)
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'store_failed', message: failure.message, side: 'store' });
    }
  });

  it.each<[string, (files: GroupFiles) => void, RegExp]>([
    ['a commit is damaged', ({ location }) => writeFileSync(logFile(location, 1), '{"add":'), /line 1 is not JSON/],
    [
      'a receipt is half written',
      files => files.record('receipts', { run_id: 'x', table_id: 'id-of-sick', durations_s: '{}' }),
      /receipts holds a record/
    ],
    [
      'a receipt has no JSON where JSON belongs',
      files => files.receipt(-1, 0).record('receipts', { table_id: 'x', durations_s: '{' }),
      /durations_s is not JSON/
    ],
    ['its format is newer', files => files.create({ 'twinstore.format': '2' }), /format 2 of twinstore/],
    [
      'its definition is none',
      files => files.create({ 'twinstore.definition': '{"name": 1}' }),
      /holds a record that cannot be read/
    ],
    [
      'a reader feature is unknown',
      ({ location }) =>
        writeCommit(location, 1, [
          {
            protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['variantType'], writerFeatures: [] }
          }
        ]),
      /variantType/
    ]
  ])('never loses the other groups when %s', async (_, harm, message) => {
    group('well').create();
    const sick = group('sick').create();
    const reader = catalogue();
    harm(sick);
    const { groups, errors } = await reader.list(ALIVE);
    expect(groups.find(({ name }) => name === 'well')).toMatchObject({ head: 0 });
    const told = [
      ...errors.map(({ error }) => error),
      ...groups.filter(({ name }) => name === 'sick').map(({ error }) => error)
    ];
    expect(told).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
  });

  it('shows a group that it knows as unreadable while its table is, and then as before', async () => {
    const files = group('energy').create();
    const reader = catalogue();
    await only(reader);
    write(logFile(files.location, 1), '{');
    expect(await only(reader)).toMatchObject({
      name: 'energy',
      state: 'unreachable',
      words: 'cannot be read',
      head: null
    });
    rmSync(logFile(files.location, 1));
    expect(await only(reader)).toMatchObject({ head: 0 });
  });

  it('keeps the groups of a root that went away, says so, and forgets a group that was removed', async () => {
    group('energy').create();
    group('water').create();
    const reader = catalogue([{ location: root, depth: 1 }], localEngine(root));
    await reader.list(ALIVE);
    renameSync(root, `${root}-away`);
    const gone = await reader.list(ALIVE);
    expect(gone.errors).toEqual([{ location: root, error: expect.objectContaining({ code: 'not_found' }) }]);
    expect(gone.groups.map(({ name, words }) => [name, words])).toEqual([
      ['energy', 'cannot be read'],
      ['water', 'cannot be read']
    ]);
    renameSync(`${root}-away`, root);
    rmSync(join(root, 'water'), { recursive: true });
    const back = await reader.list(ALIVE);
    expect([back.errors, back.groups.map(({ name }) => name)]).toEqual([[], ['energy']]);
  });

  it('stops when it is aborted', async () => {
    group('energy').create();
    await expect(catalogue().list(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  });
});
