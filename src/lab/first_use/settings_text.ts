import { stringify } from 'smol-toml';
import type { Settings } from '../../contract';

/** What is asked for to connect; empty texts are answers that were left out. */
export interface IConnectAnswers {
  /** Where Delta tables lie: `s3a://bucket/folder`, or a folder of the machine where Jupyter Server runs. */
  root: string;
  /** Of an S3 that is not AWS's. */
  endpoint: string;
  region: string;
  /** Path of a JSON file. */
  offlineCredentials: string;
  dialect: 'cassandra' | 'keyspaces';
  /** `host:port`, several with commas. */
  hosts: string;
  datacenter: string;
  tls: boolean;
  /** Path of a JSON file. */
  onlineCredentials: string;
}

/** Settings as `twinstore.toml` has them. */
export function settingsText(answers: IConnectAnswers): string {
  const { root, endpoint, region, offlineCredentials, dialect, hosts, datacenter, tls, onlineCredentials } = answers;
  const settings: Settings = {
    roots: [{ location: root }],
    stores: {
      offline: {
        ...(endpoint && { endpoint, path_style: true }),
        ...(region && { region }),
        ...(offlineCredentials && { credentials: { file: offlineCredentials } }),
        // Hadoop's s3a cannot put a file only if it is absent, so writers take turns there.
        ...(/^s3a?:/.test(root) && { single_writer: true })
      },
      online: {
        dialect,
        hosts: hosts.split(/[\s,]+/).filter(host => host !== ''),
        datacenter,
        ...((tls || dialect === 'keyspaces') && { tls: true }),
        ...(onlineCredentials && { credentials: { file: onlineCredentials } })
      }
    }
  };
  return `# Written by Twinstore in JupyterLab; change it as you like.\n${stringify(settings)}`;
}
