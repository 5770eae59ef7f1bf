import type { GroupState, IGroupsAnswer, IGroupSummary } from '../../contract';
import { STATE_GLYPH } from '../../contract';
import type { IAppearance, IGroupsModel, IHealthModel, ITwinstoreClient } from '../../tokens';
import { PolledModel } from '../polled_model';

/** States from worst to best: the order in which the contract lists them. */
const SEVERITY = Object.keys(STATE_GLYPH) as GroupState[];

/** The feature groups under the configured roots. */
export class GroupsModel extends PolledModel<IGroupsAnswer> implements IGroupsModel {
  constructor(options: GroupsModel.IOptions) {
    const { client, health } = options;
    super({
      name: 'GroupsModel',
      fetch: request => client.groups(request),
      appearance: options.appearance,
      standby: () => (health.phase === 'ready' ? 'when-hidden' : true),
      now: options.now
    });
    this._health = health;
    this._health.phaseChanged.connect(this._onPhase, this);
  }

  get groups(): readonly IGroupSummary[] {
    return this._groups;
  }

  get worst(): IGroupSummary | null {
    const bySeverity = [...this._groups].sort((a, b) => SEVERITY.indexOf(a.state) - SEVERITY.indexOf(b.state));
    return bySeverity[0] ?? null;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._health.phaseChanged.disconnect(this._onPhase, this);
    super.dispose();
  }

  protected override accept(data: IGroupsAnswer): void {
    super.accept(data);
    this._groups = [...data.groups].sort((a, b) => a.name.localeCompare(b.name));
  }

  private _onPhase(): void {
    if (this._health.phase === 'ready') {
      void this.refresh();
    }
  }

  private readonly _health: IHealthModel;
  private _groups: readonly IGroupSummary[] = [];
}

export namespace GroupsModel {
  export interface IOptions {
    client: ITwinstoreClient;
    appearance: IAppearance;
    health: IHealthModel;
    now?: () => number;
  }
}
