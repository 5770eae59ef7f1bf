import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { refuseUnknown } from './rules';
import type { RuleChanges } from './rules';
import { FakeCqlServer } from './server';
import type { IOptions } from './server';

const OPTIONS: readonly (keyof IOptions)[] = [
  'dialect',
  'rules',
  'nodes',
  'datacenter',
  'accounts',
  'tls',
  'keyspaces'
];

/** A line on stdin: changes some rules, or moves the clock. Both may be left out, to get the report. */
interface ICommand {
  rules?: RuleChanges;
  advance_s?: number;
}

async function main(): Promise<void> {
  const server = await FakeCqlServer.start(readOptions(process.argv[2] ?? '{}'));
  say({ port: server.port, hosts: server.hosts, datacenter: server.engine.datacenter });
  for await (const line of createInterface({ input: process.stdin })) {
    say(obey(server, line));
  }
  await server.stop();
}

/** The options, where `tls` names files. */
function readOptions(json: string): IOptions {
  const options = JSON.parse(json) as IOptions;
  refuseUnknown(options, OPTIONS, 'option');
  const { tls } = options;
  return tls === undefined
    ? options
    : { ...options, tls: { cert: readFileSync(tls.cert, 'utf8'), key: readFileSync(tls.key, 'utf8') } };
}

function obey(server: FakeCqlServer, line: string): object {
  try {
    const command = JSON.parse(line) as ICommand;
    refuseUnknown(command, ['rules', 'advance_s'], 'command');
    const { rules, advance_s = 0 } = command;
    if (rules !== undefined) {
      server.change(rules);
    }
    server.engine.clock.advance(advance_s * 1000);
    return server.engine.report;
  } catch (error) {
    return { error: String(error) };
  }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
