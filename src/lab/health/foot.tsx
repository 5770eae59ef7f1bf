import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { IStatus, IStoreHealth } from '../../contract';
import { VERSION } from '../../contract';
import { Ago, Code, ErrorNotice, Glyph } from '../components';
import type { HealthModel } from './model';

/** What the settings of the demo stack call it. */
const DEMO = 'demo';

/** The line at the foot of the sidebar: whether each store answers, and as whom it is read. */
export class HealthFoot extends VDomRenderer<HealthModel> {
  /** @param _startDemo Starts the demo stack. */
  constructor(
    model: HealthModel,
    trans: TranslationBundle,
    private readonly _startDemo: () => void
  ) {
    super(model);
    this._trans = trans;
    this.addClass('twinstore-Foot');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Health of the stores'));
  }

  /** Show which settings are in force, where any are. */
  openSettings(): void {
    const settings = this.node.querySelector('details');
    if (settings) {
      settings.open = true;
      settings.querySelector('summary')?.focus();
    }
  }

  protected render(): ReactElement | null {
    const trans = this._trans;
    const { data, phase } = this.model;
    if (!data?.health || phase !== 'ready') {
      return null;
    }
    const { health, status } = data;
    const { server } = status.versions;
    const silent = health.stores.filter(store => !store.ok);
    return (
      <>
        <div aria-live="polite">
          {silent.map(store => (
            <StoreSilent key={store.name} store={store} trans={trans} onRetry={() => this._retry()} />
          ))}
          {silent.length > 0 && health.environment === DEMO && (
            <div className="twinstore-Actions">
              <Button className="jp-mod-styled jp-mod-accept" onClick={this._startDemo}>
                {trans.__('Start the demo stack')}
              </Button>
            </div>
          )}
        </div>
        {/^\d/.test(server) && server !== VERSION && (
          <p role="status">
            {trans.__('This page is of version %1, the server of %2: reload the page.', VERSION, server)}
          </p>
        )}
        <div className="twinstore-Foot-line" title={this._versions()}>
          {health.stores.map(store => (
            <StoreMark key={store.name} store={store} trans={trans} />
          ))}
          <span className="twinstore-Foot-who" title={health.acting_as}>
            {trans.__('acting as %1', health.acting_as)}
          </span>
        </div>
        <SettingsInForce status={status} environment={health.environment} trans={trans} />
      </>
    );
  }

  private _retry(): void {
    void this.model.refresh();
  }

  private _versions(): string {
    const { data } = this.model;
    return data
      ? this._trans.__(
          'Settings %1 (%2). Server extension %3, companion %4.',
          data.health?.environment ?? '',
          data.status.config ?? '',
          data.status.versions.server,
          data.health?.version ?? ''
        )
      : '';
  }

  private readonly _trans: TranslationBundle;
}

interface ISettingsProps {
  status: IStatus;
  environment: string;
  trans: TranslationBundle;
}

/** Which settings are in force, and how to use others: the form of *Connect* never writes over a file. */
function SettingsInForce({ status, environment, trans }: ISettingsProps): ReactElement | null {
  const { config, config_is_named: isNamed } = status;
  if (config === null) {
    return null;
  }
  return (
    <details className="twinstore-Settings">
      <summary>{trans.__('Settings: %1', environment)}</summary>
      <p>
        <Code text={config} />
      </p>
      <p>
        {environment === DEMO ? (
          <>
            {trans.__('They belong to the demo stack. To use stores of your own, take both away by')}{' '}
            <Code text="twinstore stack down --delete" />
          </>
        ) : isNamed ? (
          <>
            <Code text="TWINSTORE_CONFIG" />{' '}
            {trans.__(
              'names this file. What is changed in it holds at once; for another one, name that and start JupyterLab again.'
            )}
          </>
        ) : (
          trans.__('What is changed in this file holds at once. To be asked for your stores anew, move it away.')
        )}
      </p>
    </details>
  );
}

function StoreMark({ store, trans }: { store: IStoreHealth; trans: TranslationBundle }): ReactElement {
  const title =
    store.took_ms === null ? store.address : trans.__('%1 answered in %2 ms', store.address, Math.round(store.took_ms));
  // Here, for the notice of a silent store stands in a live region.
  const seen =
    store.last_seen_us === null ? (
      trans.__('never seen')
    ) : (
      <>
        {trans.__('last seen')} <Ago us={store.last_seen_us} trans={trans} />
      </>
    );
  return (
    <span className="twinstore-Store" data-ok={store.ok} title={title}>
      {store.name} <Glyph of={store.ok ? 'in_parity' : 'unreachable'} />{' '}
      <span className={store.ok ? 'twinstore-hidden' : undefined}>
        {store.ok ? trans.__('answers') : trans.__('unreachable')}
      </span>
      {!store.ok && <> · {seen}</>}
    </span>
  );
}

function StoreSilent(props: { store: IStoreHealth; trans: TranslationBundle; onRetry: () => void }): ReactElement {
  const { store, trans } = props;
  return (
    <div className="twinstore-StoreSilent">
      <p>{trans.__('%1 at %2', store.name, store.address)}</p>
      {store.error && (
        <ErrorNotice error={store.error} trans={trans} action={{ label: trans.__('Try again'), run: props.onRetry }} />
      )}
    </div>
  );
}
