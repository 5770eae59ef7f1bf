import { readFile } from 'node:fs/promises';

import { TwinstoreError } from '../contract';
import type { Settings } from '../contract';
import { loadSettings, readCredentials, seconds, stampOf } from './config';
import type { ILoadedSettings, ISettingsPlaces } from './config';
import { canonical, isS3 } from './delta';
import type { IObjectStore } from './delta';
import { errorBody } from './error_body';
import { Catalogue } from './groups';
import { HealthCheck } from './health';
import type { IProbe } from './health';
import { incompleteCredentials, openOffline } from './offline';
import { clientOptions, OnlineStore } from './online';
import type { ILogin } from './online';
import type { Redactor } from './redaction';
import { Tables } from './tables';

/** What the services take from their process. */
export interface IServiceContext {
  places: ISettingsPlaces;
  /** Path of the bundled decoding worker. */
  workerScript: string;
  redactor: Redactor;
  /** µs since the epoch. */
  nowUs: () => number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Name of the user of the process. */
  user: string;
}

/** Everything that answers, for one state of the settings. */
export interface IServices {
  catalogue: Catalogue;
  tables: Tables;
  health: HealthCheck;
  dispose(): Promise<void>;
}

const DEFAULT_PROOF_MAX_AGE = '24h';

/** Makes the services that the settings ask for. Nothing connects before it is asked. */
export async function createServices(
  { path, settings }: ILoadedSettings,
  context: IServiceContext
): Promise<IServices> {
  const { redactor, nowUs, random, workerScript } = context;
  const toBody = (error: unknown) => errorBody(error, '', redactor);
  const remember = (secret: string) => redactor.remember(secret);
  const { offline, online } = settings.stores;
  const login = await onlineLogin(online.credentials?.file, remember);
  const roots = (settings.roots ?? []).map(({ location, depth = 1 }) => ({ location: canonical(location), depth }));
  const locations = roots.map(({ location }) => location);

  const { engine, s3Address, dispose } = await openOffline(offline, locations, { workerScript, random, remember });
  const onlineStore = new OnlineStore(
    online.dialect === 'keyspaces' ? 'Keyspaces' : 'Cassandra',
    online.hosts.join(', '),
    clientOptions(online, login, await authorities(online.ca))
  );
  const probes: IProbe[] = [
    ...offlineProbes(engine.store, locations, s3Address, path),
    { name: onlineStore.name, address: onlineStore.address, check: signal => onlineStore.ping(signal) }
  ];
  return {
    catalogue: new Catalogue(
      {
        engine,
        online: onlineStore,
        nowUs,
        proofMaxAgeS: seconds(settings.proof_max_age ?? DEFAULT_PROOF_MAX_AGE),
        toBody
      },
      roots
    ),
    tables: new Tables(engine, locations, toBody),
    health: new HealthCheck(
      probes,
      settings.name ?? 'twinstore',
      actingAs(settings, locations, context.user),
      nowUs,
      toBody
    ),
    dispose: async () => {
      onlineStore.dispose();
      await dispose();
    }
  };
}

/** The services of the settings as they are now: made anew when a file changes that was read for them. */
export class CurrentServices {
  constructor(private readonly context: IServiceContext) {}

  /** Throws what `loadSettings` throws while there are none. */
  async get(): Promise<IServices> {
    const known = this.known;
    if (known !== null && (await isAsSeen(known.seen))) {
      return known.services;
    }
    // Requests that come at the same time share one making.
    this.making ??= this.make().finally(() => (this.making = null));
    return this.making;
  }

  async dispose(): Promise<void> {
    const known = this.known;
    this.known = null;
    await known?.services.dispose();
  }

  private async make(): Promise<IServices> {
    await this.dispose();
    const loaded = await loadSettings(this.context.places);
    const seen = new Map([[loaded.path, loaded.stamp]]);
    for (const file of filesOf(loaded.settings)) {
      seen.set(file, await stampOf(file));
    }
    const services = await createServices(loaded, this.context);
    this.known = { seen, services };
    return services;
  }

  /** The services and the files that were read for them, each with its stamp from before. */
  private known: { seen: ReadonlyMap<string, string>; services: IServices } | null = null;
  private making: Promise<IServices> | null = null;
}

/** The files that the settings name. */
function filesOf({ stores: { offline, online } }: Settings): string[] {
  return [offline.credentials?.file, online.credentials?.file, online.ca].filter(file => file !== undefined);
}

async function isAsSeen(files: ReadonlyMap<string, string>): Promise<boolean> {
  const stamps = await Promise.all([...files.keys()].map(stampOf));
  return [...files.values()].every((stamp, i) => stamp === stamps[i]);
}

async function authorities(file: string | undefined): Promise<Buffer | null> {
  if (file === undefined) {
    return null;
  }
  try {
    return await readFile(file);
  } catch (error) {
    throw new TwinstoreError(
      'bad_request',
      `The authorities of ${file} could not be read.`,
      'Correct `ca` of the online store in twinstore.toml.',
      { cause: error }
    );
  }
}

async function onlineLogin(file: string | undefined, remember: (secret: string) => void): Promise<ILogin | null> {
  if (file === undefined) {
    return null;
  }
  const { username, password } = await readCredentials(file, remember);
  if (username === undefined || password === undefined) {
    throw incompleteCredentials(file, 'username and password');
  }
  return { username, password };
}

function offlineProbes(store: IObjectStore, roots: readonly string[], s3: string, settings: string): IProbe[] {
  const probe = (name: string, address: string, locations: readonly string[]): IProbe => ({
    name,
    address,
    check: async signal => {
      await Promise.all(locations.map(location => store.list(location, { limit: 1, signal })));
    }
  });
  if (roots.length === 0) {
    const check = () => Promise.reject(noRoots(settings));
    return [{ name: 'S3', address: s3, check }];
  }
  const local = roots.filter(root => !isS3(root));
  const remote = roots.filter(isS3);
  return [
    ...(remote.length === 0 ? [] : [probe('S3', s3, remote)]),
    ...(local.length === 0 ? [] : [probe('Local files', local.join(', '), local)])
  ];
}

function noRoots(settings: string): TwinstoreError {
  return new TwinstoreError(
    'not_found',
    `The settings (${settings}) name no root.`,
    'Add a [[roots]] entry with the location under which your feature groups lie.'
  );
}

/** By whose rights the offline store is read, in words. Never a key: its id counts as a secret, too. */
function actingAs({ stores: { offline } }: Settings, roots: readonly string[], user: string): string {
  if (!roots.some(isS3)) {
    return user;
  }
  const { file, profile } = offline.credentials ?? {};
  return file !== undefined
    ? `${user}, with the key in ${file}`
    : profile !== undefined
      ? `AWS profile ${profile}`
      : 'AWS default credentials';
}
