import type { ITableEntry, ITablesAnswer, TwinstoreError } from '../../contract';
import type { ConnectionPhase, IAppearance, IHealthModel, ITwinstoreClient } from '../../tokens';
import { asError } from '../as_error';
import { PolledModel } from '../polled_model';

/** What is known of an opened folder; both null while it is being listed for the first time. */
export interface IFolder {
  answer: ITablesAnswer | null;
  error: TwinstoreError | null;
}

/** The configured roots, and what lies in the folders that have been opened. */
export class TablesModel extends PolledModel<ITablesAnswer> {
  constructor(private readonly _options: TablesModel.IOptions) {
    super({
      name: 'TablesModel',
      fetch: request => _options.client.tables(null, request),
      appearance: _options.appearance,
      health: _options.health,
      polls: false,
      now: _options.now
    });
  }

  /** Opened folders by location. */
  get folders(): ReadonlyMap<string, IFolder> {
    return this._folders;
  }

  /** Every place that has been listed, for completion. */
  get known(): readonly ITableEntry[] {
    const answers = [this.data, ...[...this._listed.values()]];
    return answers.flatMap(answer => answer?.entries ?? []);
  }

  async open(location: string): Promise<void> {
    const before: IFolder = { answer: this._listed.get(location) ?? null, error: null };
    this._folders.set(location, before);
    this.stateChanged.emit();
    const folder = await this._list(location);
    // Only the answer to the newest question is shown.
    if (this._folders.get(location) === before && !this.isDisposed) {
      this._folders.set(location, folder);
      this.stateChanged.emit();
    }
  }

  close(location: string): void {
    this._folders.delete(location);
    this.stateChanged.emit();
  }

  /** List the folder in which a location that is being typed would lie, so that it can be completed. */
  async complete(typed: string): Promise<void> {
    const folder = typed.slice(0, typed.lastIndexOf('/'));
    if (/^(s3a:\/\/|\/)[^/]/.test(folder) && !this._listed.has(folder)) {
      // What cannot be listed cannot be completed; opening it says why.
      await this._list(folder);
      this.stateChanged.emit();
    }
  }

  /** List the roots and every opened folder again. */
  async relist(): Promise<void> {
    // What is open stays to be seen until it is listed anew.
    [...this._listed.keys()].filter(location => !this._folders.has(location)).forEach(it => this._listed.delete(it));
    await Promise.all([this.refresh(), ...[...this._folders.keys()].map(location => this.open(location))]);
  }

  protected override onPhase(phase: ConnectionPhase): void {
    if (phase === 'ready') {
      void this.relist();
    }
  }

  private async _list(location: string): Promise<IFolder> {
    try {
      const answer = await this._options.client.tables(location);
      this._listed.set(location, answer);
      return { answer, error: null };
    } catch (reason) {
      return { answer: this._listed.get(location) ?? null, error: asError(reason) };
    }
  }

  private readonly _folders = new Map<string, IFolder>();
  private readonly _listed = new Map<string, ITablesAnswer>();
}

export namespace TablesModel {
  export interface IOptions {
    client: ITwinstoreClient;
    appearance: IAppearance;
    health: IHealthModel;
    now?: () => number;
  }
}
