import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, HTMLSelect } from '@jupyterlab/ui-components';
import type { FormEvent, ReactElement } from 'react';
import { useId, useState } from 'react';
import type { IConnectAnswers } from './settings_text';

const NOTHING: IConnectAnswers = {
  root: '',
  endpoint: '',
  region: '',
  offlineCredentials: '',
  dialect: 'cassandra',
  hosts: '',
  datacenter: '',
  tls: false,
  onlineCredentials: ''
};

/** `host:port`, several with commas; the browser says so where it is something else. */
const HOSTS = String.raw`\s*[^:\s,]+:\d{1,5}(\s*,\s*[^:\s,]+:\d{1,5})*\s*`;

/** An address in S3 or an absolute path. */
const ROOT = String.raw`\s*(s3a?://.+|/.*)`;

/** The answers that are texts. */
type TextName = { [K in keyof IConnectAnswers]: IConnectAnswers[K] extends boolean ? never : K }[keyof IConnectAnswers];

export interface IConnectFormProps {
  trans: TranslationBundle;
  /** Resolves when the answers were kept or refused. */
  onConnect: (answers: IConnectAnswers) => Promise<void>;
  onCancel: () => void;
}

/** Asks where both stores are. Secrets are named by their files and never asked for. */
export function ConnectForm({ trans, onConnect, onCancel }: IConnectFormProps): ReactElement {
  const [answers, setAnswers] = useState(NOTHING);
  const [isPending, setPending] = useState(false);
  const needsRegion = answers.root.trim().startsWith('s3') && answers.endpoint.trim() === '';
  const isKeyspaces = answers.dialect === 'keyspaces';
  const set = (change: Partial<IConnectAnswers>): void => setAnswers({ ...answers, ...change });
  const text = (name: TextName, label: string, example: string, isRequired = false, hint?: string): ReactElement => (
    <TextField
      label={label}
      value={answers[name]}
      example={example}
      isRequired={isRequired}
      pattern={name === 'hosts' ? HOSTS : name === 'root' ? ROOT : undefined}
      hint={hint}
      onChange={value => set({ [name]: value })}
    />
  );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isPending) {
      setPending(true);
      void onConnect(trimmed(answers)).finally(() => setPending(false));
    }
  };
  return (
    <form
      className="twinstore-Connect"
      aria-label={trans.__('Stores of your own')}
      onSubmit={submit}
      onKeyDown={event => event.key === 'Escape' && onCancel()}
    >
      <fieldset ref={focusFirst}>
        <legend>{trans.__('Offline: Delta Lake')}</legend>
        {text('root', trans.__('Where tables lie'), 's3a://bucket/features', true, trans.__('or a folder: /data'))}
        {text('region', trans.__('Region'), 'eu-west-1', needsRegion, trans.__('of a bucket at AWS'))}
        {text('endpoint', trans.__('S3 endpoint'), 'https://s3.example.org', false, trans.__('empty for AWS'))}
        {text(
          'offlineCredentials',
          trans.__('File of the access key'),
          '~/s3.json',
          false,
          trans.__('{access_key_id, secret_access_key}, mode 600; empty for the AWS credentials of this machine')
        )}
      </fieldset>
      <fieldset>
        <legend>{trans.__('Online: Cassandra')}</legend>
        <label className="twinstore-Field">
          <span>{trans.__('Kind')}</span>
          <HTMLSelect
            value={answers.dialect}
            options={[
              { label: trans.__('Apache Cassandra'), value: 'cassandra' },
              { label: trans.__('Amazon Keyspaces'), value: 'keyspaces' }
            ]}
            onChange={event => set({ dialect: event.target.value as IConnectAnswers['dialect'] })}
          />
        </label>
        {isKeyspaces
          ? text('hosts', trans.__('Host and port'), 'cassandra.eu-west-1.amazonaws.com:9142', true)
          : text('hosts', trans.__('Hosts and ports'), '10.0.0.1:9042, 10.0.0.2:9042', true)}
        {isKeyspaces
          ? text('datacenter', trans.__('Region'), 'eu-west-1', true)
          : text('datacenter', trans.__('Datacenter'), 'datacenter1', true, trans.__('as nodetool status names it'))}
        {!isKeyspaces && (
          <label className="twinstore-Field twinstore-mod-check">
            <input type="checkbox" checked={answers.tls} onChange={event => set({ tls: event.target.checked })} />
            <span>{trans.__('Encrypt (TLS)')}</span>
          </label>
        )}
        {text(
          'onlineCredentials',
          trans.__('File of the login'),
          '~/cassandra.json',
          isKeyspaces,
          trans.__('{username, password}, mode 600')
        )}
      </fieldset>
      <div className="twinstore-Actions">
        <Button type="submit" className="jp-mod-styled jp-mod-accept" aria-disabled={isPending}>
          {isPending ? trans.__('Connecting …') : trans.__('Connect')}
        </Button>
        <Button type="button" className="jp-mod-styled jp-mod-reject" onClick={onCancel}>
          {trans.__('Cancel')}
        </Button>
      </div>
    </form>
  );
}

/** Whoever opened the form goes on by keyboard in it. */
function focusFirst(fields: HTMLElement | null): void {
  fields?.querySelector('input')?.focus();
}

function trimmed(answers: IConnectAnswers): IConnectAnswers {
  const entries = Object.entries(answers).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.trim() : value
  ]);
  return Object.fromEntries(entries) as IConnectAnswers;
}

interface ITextFieldProps {
  label: string;
  value: string;
  example: string;
  isRequired: boolean;
  pattern?: string;
  hint?: string;
  onChange: (value: string) => void;
}

function TextField({ label, value, example, isRequired, pattern, hint, onChange }: ITextFieldProps): ReactElement {
  const hintId = useId();
  return (
    <label className="twinstore-Field">
      <span>{label}</span>
      <input
        className="jp-mod-styled"
        type="text"
        value={value}
        placeholder={example}
        required={isRequired}
        pattern={pattern}
        title={pattern && example}
        spellCheck={false}
        autoCapitalize="off"
        aria-describedby={hint && hintId}
        onChange={event => onChange(event.target.value)}
      />
      {hint && (
        <small id={hintId} className="twinstore-Hint">
          {hint}
        </small>
      )}
    </label>
  );
}
