import { realpathSync } from 'node:fs';
import type { IContext } from './command';
import { twinstore } from './twinstore';

/** Time that a process gets to end by itself, in ms. */
const LINGER_MS = 1000;

/** The context of this process. Ctrl-C aborts the signal once; what listens to it ends the work. */
function processContext(): IContext {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => controller.abort());
  }
  return {
    env: process.env,
    cwd: process.cwd(),
    program: realpathSync(process.argv[1] ?? ''),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: controller.signal
  };
}

// A word about future releases of the AWS SDK is no message of this command.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
void twinstore(process.argv.slice(2), processContext()).then(code => {
  process.exitCode = code;
  // What is left open, such as a connection that the driver of Cassandra forgets when the datacenter is not its own,
  // must not keep the process.
  setTimeout(() => process.exit(), LINGER_MS).unref();
});
