import type { GroupState, IGroupsAnswer, IGroupSummary } from '../../contract';
import { STATE_GLYPH } from '../../contract';
import type { ConnectionPhase, IAppearance, IGroupsModel, IHealthModel, ITwinstoreClient } from '../../tokens';
import { PolledModel } from '../polled_model';

/** States from worst to best: the order in which the contract lists them. */
const SEVERITY = Object.keys(STATE_GLYPH) as GroupState[];

/** The feature groups under the configured roots. */
export class GroupsModel extends PolledModel<IGroupsAnswer> implements IGroupsModel {
  constructor(options: GroupsModel.IOptions) {
    const { client, appearance, health } = options;
    super({
      name: 'GroupsModel',
      fetch: request => client.groups(request),
      appearance,
      health,
      standby: () => (health.phase === 'ready' ? 'when-hidden' : true),
      now: options.now
    });
  }

  get groups(): readonly IGroupSummary[] {
    return this._groups;
  }

  get worst(): IGroupSummary | null {
    const bySeverity = [...this._groups].sort((a, b) => SEVERITY.indexOf(a.state) - SEVERITY.indexOf(b.state));
    return bySeverity[0] ?? null;
  }

  protected override accept(data: IGroupsAnswer): void {
    super.accept(data);
    this._groups = [...data.groups].sort((a, b) => a.name.localeCompare(b.name));
  }

  protected override onPhase(phase: ConnectionPhase): void {
    // Without settings there are no stores of which these could be.
    if (phase === 'unconfigured') {
      this._groups = [];
      this.forget();
    }
    super.onPhase(phase);
  }

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
