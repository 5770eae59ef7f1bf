import type { ITableAnswer, ITableRequest } from '../../contract';
import type { IAppearance, IHealthModel, ITwinstoreClient } from '../../tokens';
import { PolledModel } from '../polled_model';

/** Which version of a table is looked at: the newest, a certain one, or the one of a time (µs since the epoch). */
export type Version = Omit<ITableRequest, 'location'>;

/** Tells a version from the same number of a table that was made anew at the same address. */
export function markOf({ id, version, committed_us }: Pick<ITableAnswer, 'id' | 'version' | 'committed_us'>): string {
  return [id, version, committed_us].join();
}

interface ILooked {
  /** What is asked for. */
  at: Version;
  /** What was asked for by the reading that was begun last. */
  asked: Version;
}

/** One Delta table at the version that is looked at. */
export class TableModel extends PolledModel<ITableAnswer> {
  constructor(options: TableModel.IOptions) {
    const { client, location } = options;
    const looked: ILooked = { at: {}, asked: {} };
    super({
      name: `TableModel#${location}`,
      fetch: request => {
        looked.asked = looked.at;
        return client.table({ location, ...looked.at }, request);
      },
      appearance: options.appearance,
      health: options.health,
      now: options.now
    });
    this.location = location;
    this._looked = looked;
  }

  readonly location: string;

  /** The version that was asked for. */
  get at(): Version {
    return this._looked.at;
  }

  /** Whether the newest version is looked at, whichever that is. */
  get isNewest(): boolean {
    return Object.keys(this._looked.at).length === 0;
  }

  /** Look at another version. */
  travel(at: Version): Promise<void> {
    this._looked.at = at;
    this.stateChanged.emit();
    return this.refresh();
  }

  /** The version that `data` is of, as it was asked for; null before the first answer. */
  get answered(): Version | null {
    return this._answered;
  }

  protected override accept(data: ITableAnswer): void {
    super.accept(data);
    this._answered = this._looked.asked;
  }

  private readonly _looked: ILooked;
  private _answered: Version | null = null;
}

export namespace TableModel {
  export interface IOptions {
    location: string;
    client: ITwinstoreClient;
    appearance: IAppearance;
    health: IHealthModel;
    now?: () => number;
  }
}
