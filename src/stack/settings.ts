import { renameSync, writeFileSync } from 'node:fs';
import { stringify } from 'smol-toml';
import type { Settings } from '../contract';
import { DATACENTER } from './cassandra';
import { HOST } from './ports';
import type { IPorts } from './ports';
import { REGION, s3Endpoint } from './s3';

/** What the settings of a stack follow from. */
export interface ISettingsSource {
  name: string;
  ports: IPorts;
  /** Files of the secrets. */
  s3Credentials: string;
  cassandraCredentials: string;
  sparkJars: string;
  javaHome: string;
  /** Whether the stack is for the small input. */
  small: boolean;
}

/** For a run of a minute on few cores: the second compiler would take more time than its code saves. */
const FAST_START = { 'spark.driver.extraJavaOptions': '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' };

/** The settings that open a stack. */
export function stackSettings(source: ISettingsSource): Settings {
  const { name, ports, sparkJars, javaHome } = source;
  return {
    name,
    roots: [{ location: 's3a://features' }],
    stores: {
      offline: {
        endpoint: s3Endpoint(ports.s3),
        region: REGION,
        path_style: true,
        // s3a of Hadoop 3.3.4 cannot put a file only if it is absent.
        single_writer: true,
        credentials: { file: source.s3Credentials }
      },
      online: {
        dialect: 'cassandra',
        hosts: [`${HOST}:${ports.cassandra}`],
        datacenter: DATACENTER,
        consistency: 'LOCAL_ONE',
        credentials: { file: source.cassandraCredentials }
      }
    },
    spark: { java_home: javaHome, jars: sparkJars, ...(source.small ? { conf: FAST_START } : {}) }
  };
}

/** Write `twinstore.toml`, at once as a whole: a companion may be reading it. */
export function writeSettings(file: string, source: ISettingsSource): void {
  const text = stringify(stackSettings(source));
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `# Written by \`twinstore stack up\` at each start.\n${text}`, { mode: 0o600 });
  renameSync(draft, file);
}
