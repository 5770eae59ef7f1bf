import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  canonical,
  CountingStore,
  isDay,
  loadSettings,
  openOffline,
  openSnapshot,
  parsePredicate,
  versionAt
} from '../companion';
import { TwinstoreError } from '../contract';
import type { Settings } from '../contract';
import { EXIT, WrongUse } from './command';
import type { ICommand, IContext } from './command';
import { files, FORMATS, historyOf, rows, schema } from './delta_views';
import type { IDeltaRequest, View } from './delta_views';
import { writeAll } from './output';

const HELP = `Usage: twinstore delta schema|rows|history|files LOCATION [options] [--json]

Read a Delta table, in S3 or on the disk, without Spark. LOCATION is a folder or s3a://bucket/folder; endpoint and
credentials are those of the settings, where there are any.

  schema    the columns, their types, and what the table is partitioned by
  rows      the rows, in no order
  history   the commits, newest first
  files     the live data files

  --version N       the table as it was at this version
  --at TIME         the table as it was at this time: ISO 8601, in UTC where it names no zone
  --columns A,B     of rows: only these columns, in this order
  --where COND      of rows: only these, such as "c > 1 and (d = 'x' or e is null)"
  --limit N         of rows and history: at most so many (default 20 as a table, else all)
  --format FORMAT   table (the default), json (one object a line), or of rows arrow (an IPC stream)
  --json            the same as --format json

Every value is exact. As JSON, 64-bit integers, decimals, NaN and infinities are text, timestamps have microseconds, and
bytes are hexadecimal. Exit code: 0 good, 1 the table cannot be read, 2 wrong use.
`;

const TABLE_ROWS = 20;

const VIEWS: Readonly<Record<string, View>> = { schema, rows, history: historyOf, files };

export const deltaCommand: ICommand = {
  summary: 'schema, rows, history and files of a Delta table',
  help: HELP,
  async run(args, context) {
    const { signal, stdout, stderr } = context;
    const { values, positionals } = parseArgs({
      args,
      options: {
        version: { type: 'string' },
        at: { type: 'string' },
        columns: { type: 'string' },
        where: { type: 'string' },
        limit: { type: 'string' },
        format: { type: 'string' },
        json: { type: 'boolean', default: false }
      },
      allowPositionals: true
    });
    const [what = '', location, ...others] = positionals;
    const view = Object.hasOwn(VIEWS, what) ? VIEWS[what] : undefined;
    if (view === undefined || location === undefined || others.length > 0) {
      throw new WrongUse(`\`twinstore delta\` takes ${Object.keys(VIEWS).join(', ')} and one location.`);
    }
    const format = formatOf(values.format ?? (values.json ? 'json' : 'table'));
    if (format === 'arrow' && what !== 'rows') {
      throw new WrongUse(`--format arrow is for rows, not for ${what}.`);
    }
    if (values.version !== undefined && values.at !== undefined) {
      throw new WrongUse('Take --version or --at, not both.');
    }
    const limit = wholeNumber('--limit', values.limit) ?? (format === 'table' ? TABLE_ROWS : Infinity);
    const version = wholeNumber('--version', values.version) ?? null;
    const atMs = values.at === undefined ? null : timeOf(values.at);
    const where = values.where === undefined ? undefined : parsePredicate(values.where);
    const columns = values.columns?.split(',').map(name => name.trim());

    // Every read listens; there are more than Node takes for a leak.
    setMaxListeners(0, signal);
    const table = canonical(/^([a-z][\w+.-]*:)?\//i.test(location) ? location : resolve(context.cwd, location));
    const { engine, dispose } = await open(table, context);
    const store = new CountingStore(engine.store);
    const counted = { ...engine, store };
    try {
      const snapshot = async (statistics: boolean) => {
        const wanted = atMs === null ? version : await versionAt(counted, table, atMs, signal);
        return (await openSnapshot(counted, table, wanted, signal, { statistics })) ?? noTable(table);
      };
      await writeAll(stdout, view({ engine: counted, table, format, columns, where, limit, snapshot, signal }), signal);
      const cut = limit === TABLE_ROWS && values.limit === undefined && ['rows', 'history'].includes(what);
      stderr.write(
        `${cut ? `At most ${TABLE_ROWS} are shown; --limit N shows more. ` : ''}` +
          `Read ${store.bytes} bytes in ${store.requests} requests.\n`
      );
      return EXIT.good;
    } finally {
      await dispose();
    }
  }
};

/** The table's own folder and the configured roots may be read, and nothing else that a log may name. */
async function open(table: string, { env, cwd, program }: IContext) {
  const settings = await settingsOf({ env, cwd, home: homedir() });
  const roots = (settings?.roots ?? []).map(({ location }) => canonical(location));
  return openOffline(settings?.stores.offline ?? {}, [table, ...roots], {
    workerScript: join(dirname(program), 'worker.js'),
    random: Math.random,
    remember: () => {}
  });
}

/** Null where there are none: a table on the disk, or one in AWS with the SDK's own credentials, needs no settings. */
async function settingsOf(places: Parameters<typeof loadSettings>[0]): Promise<Settings | null> {
  try {
    return (await loadSettings(places)).settings;
  } catch (error) {
    if (error instanceof TwinstoreError && error.code === 'not_found' && !places.env['TWINSTORE_CONFIG']) {
      return null;
    }
    throw error;
  }
}

function formatOf(text: string): IDeltaRequest['format'] {
  const format = FORMATS.find(known => known === text);
  if (format === undefined) {
    throw new WrongUse(`--format takes ${FORMATS.join(', ')}, not '${text}'.`);
  }
  return format;
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text !== undefined && !(/^\d+$/.test(text) && Number.isSafeInteger(Number(text)))) {
    throw new WrongUse(`${option} takes a whole number, not '${text}'.`);
  }
  return text === undefined ? undefined : Number(text);
}

/** Ms since the epoch. */
function timeOf(text: string): number {
  const [, day, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const ms = Date.parse(`${day}T${time}${zone}`);
  if (Number.isNaN(ms) || day === undefined || !isDay(day)) {
    throw new WrongUse(`--at takes a time such as 2026-01-31T12:00:00Z, not '${text}'.`);
  }
  return ms;
}

function noTable(table: string): never {
  throw new TwinstoreError('not_found', `${table} is not a Delta table.`, 'Check the address.');
}
