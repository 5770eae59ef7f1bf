import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { IErrorBody, IGroupSummary } from '../../contract';
import type { IGroupsModel } from '../../tokens';
import { Code, ErrorNotice, PolledView, RovingList, StateMark, useNowUs } from '../components';
import type { IRovingFocus } from '../components';
import { absolute, freshness, newestEvents, versions } from '../words';

/** The Groups section of the sidebar. */
export class GroupsSection extends ReactWidget {
  constructor(options: GroupsSection.IOptions) {
    super();
    this._options = options;
    this.addClass('twinstore-Groups');
  }

  protected render(): ReactElement {
    return <UseSignal signal={this._options.model.stateChanged}>{() => this._draw()}</UseSignal>;
  }

  private _draw(): ReactElement {
    const { model, trans, onOpen } = this._options;
    const shared = sharedErrors(model.groups);
    return (
      <PolledView model={model} reading={trans.__('Reading the feature groups …')} trans={trans}>
        {({ errors }) => (
          <>
            {errors.map(({ location, error }) => (
              <ErrorNotice key={location} error={error} trans={trans} />
            ))}
            {shared.map(error => (
              <ErrorNotice key={error.message} error={error} trans={trans} />
            ))}
            {model.groups.length === 0 && errors.length === 0 && <NoGroups trans={trans} />}
            <RovingList
              className="twinstore-List"
              label={trans.__('Feature groups')}
              items={model.groups}
              idOf={group => group.offline}
              draw={(group, focus) => (
                <Item
                  group={group}
                  focus={focus}
                  problem={shared.some(({ message }) => message === group.error?.message) ? null : group.error}
                  trans={trans}
                  onOpen={onOpen}
                />
              )}
            />
          </>
        )}
      </PolledView>
    );
  }

  private readonly _options: GroupsSection.IOptions;
}

export namespace GroupsSection {
  export interface IOptions {
    model: IGroupsModel;
    trans: TranslationBundle;
    onOpen: (group: string) => void;
  }
}

interface IItemProps {
  group: IGroupSummary;
  focus: IRovingFocus;
  /** What is wrong with this group alone. */
  problem: IErrorBody | null;
  trans: TranslationBundle;
  onOpen: (group: string) => void;
}

function Item({ group, focus, problem, trans, onOpen }: IItemProps): ReactElement {
  const nowUs = useNowUs();
  return (
    <button
      type="button"
      className="twinstore-Item"
      data-group={group.name}
      title={hover(group, nowUs, trans)}
      onClick={() => onOpen(group.name)}
      {...focus}
    >
      <span className="twinstore-Item-line">
        <span className="twinstore-Item-name">{group.name}</span>
        <span className="twinstore-Item-aside">{versions(group.head, group.watermark)}</span>
      </span>
      <span className="twinstore-Item-line">
        <StateMark state={group.state} words={group.words} />
        {newestEvents(group, nowUs, trans).map(words => (
          <span key={words} className="twinstore-Item-aside">
            {words}
          </span>
        ))}
      </span>
      {problem && (
        <span className="twinstore-Item-problem">
          {problem.message} {problem.remedy}
        </span>
      )}
    </button>
  );
}

/** What more than one group suffers from, such as a store that is down: it is told once. */
function sharedErrors(groups: readonly IGroupSummary[]): IErrorBody[] {
  const errors = new Map<string, IErrorBody[]>();
  for (const { error } of groups) {
    if (error) {
      errors.set(error.message, [...(errors.get(error.message) ?? []), error]);
    }
  }
  return [...errors.values()].flatMap(([error, ...same]) => (error && same.length > 0 ? [error] : []));
}

function NoGroups({ trans }: { trans: TranslationBundle }): ReactElement {
  return (
    <div className="twinstore-Hint">
      <p>{trans.__('No feature group yet.')}</p>
      <p>
        {trans.__('Run energy_features.ipynb from Runs below, or write one from a notebook:')}{' '}
        <Code text="store.write(df, group)" />
      </p>
    </div>
  );
}

/** When, by whom and how a group was written and proved. */
function hover(group: IGroupSummary, nowUs: number, trans: TranslationBundle): string {
  const { last_receipt: receipt, last_proof: proof, offline_event_us: offline, online_event_us: online } = group;
  const event = (us: number | null): string =>
    us === null ? '–' : trans.__('%1 (%2)', absolute(us), freshness(us, nowUs, trans));
  const lines = [
    group.offline,
    group.online,
    trans.__('Newest event offline %1, online %2', event(offline), event(online))
  ];
  lines.push(
    receipt ? trans.__('Written %1 by %2', absolute(receipt.at_us), receipt.by) : trans.__('Never written'),
    proof
      ? trans.__(
          'Proved %1 by %2: %3, %4 keys at v%5',
          absolute(proof.at_us),
          proof.by,
          proof.coverage.how,
          proof.coverage.keys_compared,
          proof.version ?? '–'
        )
      : trans.__('Never proved')
  );
  return lines.join('\n');
}
