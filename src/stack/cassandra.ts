import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'cassandra-driver';
import { TwinstoreError } from '../contract';
import { HOST } from './ports';
import type { IPorts } from './ports';
import type { IPart } from './part';

/** The keyspace that the stack makes. */
export const KEYSPACE = 'feature_store';

/** What Cassandra calls the one datacenter of SimpleSnitch. */
export const DATACENTER = 'datacenter1';

/** Heap that is enough for the small input; `heapMib` of a larger stack follows its input. */
export const SMALL_HEAP_MIB = 400;

/** What is needed to run a Cassandra. */
export interface ICassandraSetup {
  /** Folder of its data and its configuration. */
  folder: string;
  log: string;
  jars: string;
  javaHome: string;
  ports: IPorts;
  heapMib: number;
  name: string;
  login: ICassandraLogin;
}

/** What opens the stack's Cassandra; the fields of the settings' credentials file. */
export interface ICassandraLogin {
  username: string;
  password: string;
}

const PROBE_MS = 1_000;
const SUPERUSER_MS = 20_000;

/** Write Cassandra's configuration and describe how to run it. */
export function cassandra(setup: ICassandraSetup): IPart {
  const { folder, ports } = setup;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  writeFileSync(join(folder, 'cassandra.yaml'), cassandraYaml(setup));
  writeFileSync(join(folder, 'logback.xml'), LOGBACK);
  writeFileSync(join(folder, 'jvm.args'), jvmArguments(setup));
  return {
    name: 'cassandra',
    title: 'Cassandra',
    port: ports.cassandra,
    program: {
      command: join(setup.javaHome, 'bin', 'java'),
      args: [`@${join(folder, 'jvm.args')}`],
      cwd: folder,
      log: setup.log
    },
    startMs: 90_000,
    graceMs: 15_000,
    answers: () => speaksCql(ports.cassandra),
    prepare: () => prepare(ports.cassandra, setup.login)
  };
}

function cassandraYaml({ name, folder, ports, heapMib }: ICassandraSetup): string {
  // JSON is YAML: a path with any character in it stays one value.
  const path = (child: string): string => JSON.stringify(join(folder, child));
  return `cluster_name: ${JSON.stringify(`twinstore ${name}`)}
num_tokens: 1
initial_token: 0
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
# A login of its own: other users of the machine stay out, and guardrails hold (they pass over whoever is no ordinary user).
authenticator: PasswordAuthenticator
# Not kept: else the well-known password of the superuser is still taken for a while after it was changed.
credentials_validity: 0ms
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "${HOST}:${ports.storage}"
listen_address: ${HOST}
rpc_address: ${HOST}
storage_port: ${ports.storage}
native_transport_port: ${ports.cassandra}
data_file_directories: [${path('data')}]
commitlog_directory: ${path('commitlog')}
saved_caches_directory: ${path('saved_caches')}
hints_directory: ${path('hints')}
cdc_raw_directory: ${path('cdc_raw')}
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 16MiB
commitlog_total_space: 256MiB
memtable_heap_space: ${Math.round(heapMib * 0.4)}MiB
storage_compatibility_mode: NONE
auto_snapshot: false
hinted_handoff_enabled: false
maximum_timestamp_fail_threshold: 1h
`;
}

const LOGBACK = `<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date{ISO8601} %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
`;

/** From `conf/jvm17-server.options` of Apache Cassandra 5.0, and what its memory meter and Netty reach into. */
const EXPORTS = [
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.base/java.lang.ref',
  'java.base/sun.nio.ch',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'jdk.unsupported/sun.misc',
  'jdk.compiler/com.sun.tools.javac.file',
  'jdk.attach/sun.tools.attach'
];
const OPENS = [
  'java.base/java.io',
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.lang.reflect',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.util.jar',
  'java.base/sun.nio.ch',
  'jdk.compiler/com.sun.tools.javac',
  'jdk.management/com.sun.management.internal'
];

/** Java's argument file: keeps the process list short. */
function jvmArguments({ folder, jars, heapMib }: ICassandraSetup): string {
  const small = heapMib <= SMALL_HEAP_MIB;
  const lines = [
    '-Xms64M',
    `-Xmx${heapMib}M`,
    // A small stack is to start fast; a large one is to run fast.
    ...(small ? ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'] : ['-XX:+UseG1GC']),
    '-XX:+ExitOnOutOfMemoryError',
    `-javaagent:${join(jars, 'jamm-0.4.0.jar')}`,
    '-Djdk.attach.allowAttachSelf=true',
    '-Dio.netty.tryReflectionSetAccessible=true',
    `-Dcassandra.config=file://${join(folder, 'cassandra.yaml')}`,
    `-Dcassandra.storagedir=${folder}`,
    `-Dlogback.configurationFile=${join(folder, 'logback.xml')}`,
    '-Dcassandra-foreground=yes',
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.ring_delay_ms=0',
    '-Dcassandra.superuser_setup_delay_ms=0',
    '-Dcassandra.skip_sync=true',
    '-Dcassandra.load_ring_state=false',
    '-Djava.net.preferIPv4Stack=true',
    ...EXPORTS.map(name => `--add-exports=${name}=ALL-UNNAMED`),
    ...OPENS.map(name => `--add-opens=${name}=ALL-UNNAMED`),
    '-cp',
    join(jars, '*'),
    'org.apache.cassandra.service.CassandraDaemon'
  ];
  return lines.map(line => `"${line.replace(/[\\"]/g, '\\$&')}"\n`).join('');
}

/** Whether a port answers OPTIONS of the native protocol (version 4) with SUPPORTED. */
export async function speaksCql(port: number): Promise<boolean> {
  const OPTIONS = Buffer.from([4, 0, 0, 0, 5, 0, 0, 0, 0]);
  const SUPPORTED = 6;
  const socket = connect({ host: HOST, port, timeout: PROBE_MS });
  try {
    return await new Promise<boolean>(resolve => {
      socket.once('connect', () => socket.write(OPTIONS));
      socket.once('data', frame => resolve(frame[4] === SUPPORTED));
      for (const event of ['error', 'timeout', 'close'] as const) {
        socket.once(event, () => resolve(false));
      }
    });
  } finally {
    socket.destroy();
  }
}

/** Make the keyspace, as the stack's own role, which is made at the first start. */
async function prepare(port: number, login: ICassandraLogin): Promise<void> {
  if (!(await attempt(port, login, [KEYSPACE_STATEMENT]))) {
    await makeRole(port, login);
    if (!(await attempt(port, login, [KEYSPACE_STATEMENT]))) {
      throw new TwinstoreError(
        'unavailable',
        `Cassandra on port ${port} refuses the role ${login.username} of this stack.`,
        'Delete the stack (`twinstore stack down --delete`) and start it again.'
      );
    }
  }
}

const KEYSPACE_STATEMENT =
  `CREATE KEYSPACE IF NOT EXISTS ${KEYSPACE} ` +
  "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";

/** As the superuser, whose well-known password ends here. Cassandra makes it a moment after it begins to listen. */
async function makeRole(port: number, { username, password }: ICassandraLogin): Promise<void> {
  const statements = [
    `ALTER ROLE cassandra WITH PASSWORD = '${password}'`,
    `CREATE ROLE IF NOT EXISTS ${username} WITH PASSWORD = '${password}' AND LOGIN = true`
  ];
  for (const deadline = performance.now() + SUPERUSER_MS; performance.now() < deadline; await sleep(200)) {
    for (const known of ['cassandra', password]) {
      if (await attempt(port, { username: 'cassandra', password: known }, statements)) {
        return;
      }
    }
  }
}

/** Whether a login is taken; the statements are executed then. */
async function attempt(port: number, login: ICassandraLogin, statements: readonly string[]): Promise<boolean> {
  const client = new Client({
    contactPoints: [`${HOST}:${port}`],
    localDataCenter: DATACENTER,
    credentials: { ...login }
  });
  try {
    await client.connect();
  } catch {
    return false; // The driver tells a refused login as one of several reasons; the caller says it in the end.
  }
  try {
    for (const statement of statements) {
      await client.execute(statement);
    }
    return true;
  } finally {
    await client.shutdown();
  }
}
