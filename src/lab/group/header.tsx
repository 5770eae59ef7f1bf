import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { FeatureGroupDefinition, IGroupAnswer, IGroupSummary, IJob } from '../../contract';
import { Ago, ErrorNotice, JobProgress, PolledView, StateMark, useNowUs } from '../components';
import { affirmRepair, toRepair } from '../consent';
import { absolute, duration, eventTime, freshness, grouped, receiptSentence, resultSentences } from '../words';
import type { GroupModel } from './model';

/** The head of the Group view: what the group is, how its twins stand, and the proof. */
export class GroupHeader extends VDomRenderer<GroupModel> {
  constructor(model: GroupModel, trans: TranslationBundle) {
    super(model);
    this._trans = trans;
    this.addClass('twinstore-GroupHeader');
  }

  protected render(): ReactElement {
    const trans = this._trans;
    const { model } = this;
    const reading = trans.__('Reading feature group %1 …', model.name);
    return (
      <PolledView model={model} reading={reading} trans={trans}>
        {answer => (
          <>
            <Title model={model} answer={answer} trans={trans} />
            {answer.summary.error && <ErrorNotice error={answer.summary.error} trans={trans} />}
            <Proof model={model} trans={trans} />
            <Twins answer={answer} trans={trans} />
          </>
        )}
      </PolledView>
    );
  }

  private readonly _trans: TranslationBundle;
}

interface IPartProps {
  answer: IGroupAnswer;
  trans: TranslationBundle;
}

function Title({ model, answer, trans }: IPartProps & { model: GroupModel }): ReactElement {
  const { summary, definition } = answer;
  const { isBusy } = model;
  const busy = isBusy ? trans.__('A proof, retry or repair of this group is running.') : undefined;
  return (
    <div className="twinstore-GroupHeader-title">
      <h1>{summary.name}</h1>
      <span aria-live="polite">
        <StateMark state={summary.state} words={summary.words} />
      </span>
      <Button
        className="jp-mod-styled jp-mod-accept"
        aria-disabled={isBusy}
        title={busy}
        onClick={() => void model.prove()}
      >
        {trans.__('Prove now')}
      </Button>
      {summary.lag !== null && summary.lag > 0 && (
        <Button
          className="jp-mod-styled"
          aria-disabled={isBusy}
          title={busy ?? trans.__('Write online what an earlier write did not finish')}
          onClick={() => void model.retry()}
        >
          {trans._n('Bring %1 version online', 'Bring %1 versions online', summary.lag)}
        </Button>
      )}
      {toRepair(summary) && (
        <Button
          className="jp-mod-styled"
          aria-disabled={isBusy}
          title={busy}
          onClick={() => void askAndRepair(model, summary, trans)}
        >
          {trans.__('Repair rows …')}
        </Button>
      )}
      <p className="twinstore-GroupHeader-facts">{facts(definition, trans).join(' · ')}</p>
      {definition.description !== undefined && <p>{definition.description}</p>}
    </div>
  );
}

async function askAndRepair(model: GroupModel, summary: IGroupSummary, trans: TranslationBundle): Promise<void> {
  if (!model.isBusy && (await affirmRepair(summary, trans))) {
    await model.repair();
  }
}

function facts(definition: FeatureGroupDefinition, trans: TranslationBundle): string[] {
  const { keys, ttl_seconds: ttl } = definition;
  return [
    trans._n('key %2', 'keys %2', keys.length, keys.join(', ')),
    trans.__('event time %1', definition.event_timestamp),
    ttl === null
      ? trans.__('never expires')
      : ttl % 86400 === 0
        ? trans._n('expires after %2 day', 'expires after %2 days', ttl / 86400, grouped(ttl / 86400))
        : trans.__('expires after %1 s', grouped(ttl))
  ];
}

/** Progress of the proof, or how it ended: announced, and kept until the next one. */
function Proof({ model, trans }: { model: GroupModel; trans: TranslationBundle }): ReactElement {
  const { running, ended, refusal } = model;
  const error = refusal ?? ended?.error ?? null;
  return (
    <div className="twinstore-GroupHeader-proof">
      {running && <JobProgress job={running} trans={trans} onStop={id => void model.stop(id)} />}
      <div role="status" aria-live="polite">
        {ended && <p>{outcome(ended, trans)}</p>}
        {error && <ErrorNotice error={error} trans={trans} />}
      </div>
    </div>
  );
}

function outcome(job: IJob, trans: TranslationBundle): string {
  if (job.state === 'stopped') {
    return trans.__('Stopped. What was proved before still holds.');
  }
  const { report } = job.result ?? {};
  return [
    ...resultSentences(job.result, trans),
    ...(report && !report.kept ? [trans.__('The proof could not be kept beside the table.')] : [])
  ].join(' ');
}

/** Both stores side by side. */
function Twins({ answer, trans }: IPartProps): ReactElement {
  const { summary } = answer;
  const { last_proof: proof, last_receipt: receipt } = summary;
  return (
    <div className="twinstore-Twins">
      <Twin
        title={trans.__('Offline')}
        address={summary.offline}
        version={summary.head === null ? null : trans.__('version %1', summary.head)}
        eventUs={summary.offline_event_us}

        trans={trans}
      />
      <Twin
        title={trans.__('Online')}
        address={summary.online}
        version={onlineVersion(summary, trans)}
        eventUs={summary.online_event_us}

        trans={trans}
      />
      <dl className="twinstore-Facts">
        <dt>{trans.__('Last write')}</dt>
        <dd>
          {receipt ? (
            <>
              {trans.__('%1 by %2', receipt.operation, receipt.by)} <Ago us={receipt.at_us} trans={trans} />
              {trans.__(': %1', receiptSentence(receipt, trans))}
            </>
          ) : (
            trans.__('none')
          )}
        </dd>
        <dt>{trans.__('Last proof')}</dt>
        <dd>
          {proof ? (
            <>
              <Ago us={proof.at_us} trans={trans} />{' '}
              {trans.__(
                'by %1: %2, %3 keys in %4',
                proof.by,
                proof.coverage.how,
                grouped(proof.coverage.keys_compared),
                duration(proof.duration_s, trans)
              )}
            </>
          ) : (
            trans.__('none: prove now')
          )}
        </dd>
      </dl>
    </div>
  );
}

function onlineVersion(summary: IGroupSummary, trans: TranslationBundle): string | null {
  const { watermark, lag } = summary;
  if (watermark === null) {
    return null;
  }
  const at = watermark < 0 ? trans.__('nothing yet') : trans.__('version %1', watermark);
  return lag ? `${at} · ${trans._n('%2 version behind', '%2 versions behind', lag, grouped(lag))}` : at;
}

function Twin(props: {
  title: string;
  address: string;
  version: string | null;
  eventUs: number | null;
  trans: TranslationBundle;
}): ReactElement {
  const { eventUs, trans } = props;
  const nowUs = useNowUs();
  return (
    <section className="twinstore-Twin" aria-label={props.title}>
      <h2>{props.title}</h2>
      <code>{props.address}</code>
      <p>{props.version ?? trans.__('version unknown')}</p>
      {eventUs !== null && (
        <p title={absolute(eventUs)}>
          {trans.__('newest event %1 (%2)', eventTime(eventUs), freshness(eventUs, nowUs, trans))}
        </p>
      )}
    </section>
  );
}
