// The companion's reader as a contender of `npm run bench -- delta`: answers each line {task, args} of its input with what
// doing the task took.
import { createRequire } from 'node:module';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [, , bundle, folder] = process.argv;
const { CountingStore, ipcStream, LatestRows, LocalStore, openSnapshot, Preview, Scan, WorkerDecoder } = createRequire(
  import.meta.url
)(join(bundle, 'delta.js'));

const { signal } = new AbortController();
setMaxListeners(0, signal);
const decoder = new WorkerDecoder({
  script: join(bundle, 'worker.js'),
  deadlineMs: 60_000,
  maxMemory: 512 * 1024 * 1024
});

const open = (engine, name, options) => openSnapshot(engine, join(folder, name), null, signal, options);

async function rowsOf(reading) {
  let rows = 0;
  for await (const batch of reading.batches(signal)) {
    rows += batch.numRows;
  }
  return rows;
}

const TASKS = {
  async preview(engine, { name, limit, window }) {
    const preview = new Preview(engine, await open(engine, name), { limit, window });
    const pieces = ipcStream(preview.schema, preview.batches(signal));
    while (!(await pieces.next()).done);
    return preview.rows;
  },
  scan: async (engine, { name, columns }) => rowsOf(new Scan(engine, await open(engine, name), { columns })),
  snapshot: async (engine, { name }) => (await open(engine, name)).files.length,
  async latest(engine, { name, keys }) {
    const wanted = keys === null ? {} : { wanted: keys.map(household_id => ({ household_id })) };
    const snapshot = await open(engine, name);
    return rowsOf(new LatestRows(engine, snapshot, { keys: ['household_id'], eventTimestamp: 'day', ...wanted }));
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  const { task, args } = JSON.parse(line);
  const store = new CountingStore(new LocalStore([folder]));
  const begun = performance.now();
  const rows = await TASKS[task]({ store, decoder }, args);
  const ms = performance.now() - begun;
  const { bytes, requests } = store;
  console.log(JSON.stringify({ ms, rows, bytes, requests, peak_mib: process.resourceUsage().maxRSS / 1024 }));
}
await decoder.dispose();
