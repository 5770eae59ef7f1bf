import { TwinstoreError } from '../../contract';
import type {
  FeatureGroupDefinition,
  IGroupAnswer,
  IGroupsAnswer,
  IGroupSummary,
  IProofsAnswer,
  IReceiptsAnswer
} from '../../contract';
import { below, isWithin, Limiter } from '../delta';
import type { Snapshot } from '../delta';
import { definitionOf } from './definition';
import { GroupFolder, newestThatCounts, unreadable } from './group_folder';
import type { IGroupServices } from './group_folder';

/** Where groups are looked for. */
export interface IRootFolder {
  /** Canonical. */
  location: string;
  /** Folder levels below it. */
  depth: number;
}

/** Folders that are looked into at once. */
const CONCURRENCY = 8;

type Failure = IGroupsAnswer['errors'][number];
type Found = { folder: GroupFolder; snapshot: Snapshot; definition: FeatureGroupDefinition };

/** The feature groups under the configured roots. */
export class Catalogue {
  constructor(
    private readonly services: IGroupServices,
    private readonly roots: readonly IRootFolder[]
  ) {}

  /** Every group, by name. A root or a group that cannot be read never takes the others away. */
  async list(signal: AbortSignal): Promise<IGroupsAnswer> {
    const errors: Failure[] = [];
    const parts = await Promise.all(this.roots.map(root => this.listFolder(root.location, root.depth, errors, signal)));
    const byPlace = (a: { location: string }, b: { location: string }) => (a.location < b.location ? -1 : 1);
    const groups = parts
      .flat()
      .sort((a, b) => (a.name === b.name ? (a.offline < b.offline ? -1 : 1) : a.name < b.name ? -1 : 1));
    // Roots may lie in each other.
    const unique = groups.filter((group, i) => groups.findIndex(({ offline }) => offline === group.offline) === i);
    return { groups: unique, errors: errors.sort(byPlace) };
  }

  /** One group in full. Throws `not_found`, or `conflict` when two tables carry the name. */
  async get(name: string, signal: AbortSignal): Promise<IGroupAnswer> {
    const { folder, snapshot, definition } = await this.find(name, signal);
    const summary = await folder.summary(snapshot, definition, signal);
    return { summary, definition, table_id: snapshot.metadata.id };
  }

  async receipts(name: string, limit: number, signal: AbortSignal): Promise<IReceiptsAnswer> {
    const { folder, snapshot } = await this.find(name, signal);
    const receipts = await folder.receipts(snapshot, signal);
    return { receipts: receipts.slice(0, limit), total: receipts.length };
  }

  async proofs(name: string, limit: number, signal: AbortSignal): Promise<IProofsAnswer> {
    const { folder, snapshot } = await this.find(name, signal);
    const proofs = await folder.proofs(snapshot, signal);
    return {
      proofs: proofs.slice(0, limit).map(({ report }) => report()),
      total: proofs.length,
      last_proof: newestThatCounts(proofs)?.report() ?? null
    };
  }

  private async listFolder(
    location: string,
    depth: number,
    errors: Failure[],
    signal: AbortSignal
  ): Promise<IGroupSummary[]> {
    let names: readonly string[];
    try {
      names = (await this.services.engine.store.list(location, { signal })).folders;
    } catch (error) {
      signal.throwIfAborted();
      errors.push(this.failure(location, error));
      return this.remembered(location, error);
    }
    const folders = names.filter(name => !/^[._]/.test(name)).map(name => below(location, name));
    for (const place of this.definitions.keys()) {
      if (isWithin(location, place) && !folders.some(folder => isWithin(folder, place))) {
        this.definitions.delete(place);
        this.folders.delete(place);
      }
    }
    const parts = await Promise.all(
      folders.map(folder =>
        this.limiter
          .run(() => this.look(folder, errors, signal), signal)
          .then(found =>
            // Only what is no table is looked into: the limiter is free again, so that levels never wait for each other.
            found === null && depth > 1 ? this.listFolder(folder, depth - 1, errors, signal) : (found ?? [])
          )
      )
    );
    return parts.flat();
  }

  /** The group in a folder, as a list of at most one; null when the folder is no table. */
  private async look(location: string, errors: Failure[], signal: AbortSignal): Promise<IGroupSummary[] | null> {
    const folder = this.folders.get(location) ?? new GroupFolder(this.services, location);
    this.folders.set(location, folder);
    try {
      const snapshot = await folder.snapshot(signal);
      if (snapshot === null) {
        this.folders.delete(location);
        this.definitions.delete(location);
        return null;
      }
      const definition = definitionOf(snapshot);
      if (definition === null) {
        this.definitions.delete(location);
        return [];
      }
      this.definitions.set(location, definition);
      return [await folder.summary(snapshot, definition, signal)];
    } catch (error) {
      signal.throwIfAborted();
      const known = this.remembered(location, error);
      if (known.length === 0) {
        errors.push(this.failure(location, error));
      }
      return known;
    }
  }

  /** Groups that were seen under a location before it stopped answering. */
  private remembered(location: string, error: unknown): IGroupSummary[] {
    return [...this.definitions]
      .filter(([place]) => isWithin(location, place))
      .map(([place, definition]) => unreadable(place, definition, this.services.toBody(error)));
  }

  private failure(location: string, error: unknown): Failure {
    return { location, error: this.services.toBody(error) };
  }

  private async find(name: string, signal: AbortSignal): Promise<Found> {
    const known = () => [...this.definitions].filter(([, definition]) => definition.name === name);
    const [failure] = known().length === 0 ? (await this.list(signal)).errors : [];
    // By address: roots answer in any order.
    const [first, second] = known().sort(([one], [other]) => (one < other ? -1 : 1));
    if (first === undefined && failure !== undefined) {
      // It may be where nothing could be read.
      throw TwinstoreError.fromBody(failure.error);
    }
    if (first === undefined) {
      const where = this.roots.map(({ location }) => location).join(', ') || 'no root, for none is configured';
      throw new TwinstoreError(
        'not_found',
        `There is no feature group ${JSON.stringify(name)} under ${where}.`,
        'Check the name and the roots in twinstore.toml.'
      );
    }
    if (second !== undefined) {
      throw new TwinstoreError(
        'conflict',
        `Two feature groups are named ${name}: ${first[0]} and ${second[0]}.`,
        'Rename one of them, or narrow the roots in twinstore.toml.'
      );
    }
    const folder = this.folders.get(first[0]) ?? new GroupFolder(this.services, first[0]);
    const snapshot = await folder.snapshot(signal);
    const definition = snapshot && definitionOf(snapshot);
    if (snapshot === null || definition === null) {
      this.definitions.delete(first[0]);
      throw new TwinstoreError('not_found', `${first[0]} is no feature group any more.`, 'List the groups again.');
    }
    return { folder, snapshot, definition };
  }

  private readonly limiter = new Limiter(CONCURRENCY);
  private readonly folders = new Map<string, GroupFolder>();
  /** Definitions of the groups seen last, by location. */
  private readonly definitions = new Map<string, FeatureGroupDefinition>();
}
