import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { change, down, remove, stackFolder, status, supervise, up } from '../stack';
import type { IStackStatus, PartName } from '../stack';
import { EXIT, WrongUse, portNumber } from './command';
import type { ICommand, IContext } from './command';
import { disuse, startDemo } from './demo';
import type { IDemo } from './demo';
import { inputInWords, makeInput } from './input';
import { asJob } from './job_events';
import { textTable } from './output';
import { ProgressLine } from './progress';
import { stackHost } from './stack_host';
import { duration, mebibytes } from './words';

const HELP = `Usage: twinstore stack up|demo|down|status|stop PART|start PART|input [--name NAME]

The local stack: Cassandra and an S3 server of your own, on free ports of 127.0.0.1.

  up              start it, or find it; prints the path of its settings file
    --cassandra-port N, --s3-port N   these ports and no others
    --heap MIB                        heap of Cassandra (default: what it had, at first 400)
  demo            start it with the small input, and use it from now on wherever no settings are named
    --notebooks FOLDER                copy the example notebooks there too
  down            stop it; its data stay
    --delete                          and remove them: Cassandra's data, buckets, settings, logs
  status          what runs: pid, port, memory, uptime
  stop PART       stop one part, cassandra or s3
  start PART      start it again
  input           write the energy input, as CSV, to s3a://raw/energy; files of your own there are left alone
    --rows SIZE                       small (200 households, the default), medium (800), full (5,560), or a number
    --until DAY                       last day (default 2014-02-28)
    --to FOLDER                       to a local folder, for which no stack is needed

  --name NAME     which stack (default demo)
  --json          JSON on stdout
`;

const OPTIONS = {
  name: { type: 'string', default: 'demo' },
  json: { type: 'boolean', default: false },
  delete: { type: 'boolean', default: false },
  owned: { type: 'boolean', default: false },
  heap: { type: 'string' },
  rows: { type: 'string', default: 'small' },
  until: { type: 'string' },
  to: { type: 'string' },
  notebooks: { type: 'string' },
  job: { type: 'boolean', default: false },
  'cassandra-port': { type: 'string' },
  's3-port': { type: 'string' }
} as const;

export const stackCommand: ICommand = {
  summary: 'the local stack: up, demo, down, status',
  help: HELP,
  async run(args, context) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const [verb = '', part, ...more] = positionals;
    const takesPart = verb === 'stop' || verb === 'start';
    if (more.length > 0 || (part !== undefined && !takesPart)) {
      throw new WrongUse(`\`stack ${verb}\` does not take '${more[0] ?? part ?? ''}'; a stack is named by --name.`);
    }
    const print = (answer: unknown, words: string): void =>
      void context.stdout.write(values.json ? `${JSON.stringify(answer, null, 2)}\n` : words);
    const { name } = values;
    switch (verb) {
      case 'up': {
        const line = new ProgressLine(context.stderr);
        const options = {
          heapMib: wholeNumber('--heap', values.heap),
          ports: {
            cassandra: portNumber('--cassandra-port', values['cassandra-port']),
            s3: portNumber('--s3-port', values['s3-port'])
          }
        };
        const result = await up(name, options, stackHost(context, line.show)).finally(line.end);
        context.stderr.write(`The stack ${name} ${result.found ? 'runs already' : 'is up'}.\n`);
        print(result.status, `${result.status.settings}\n`);
        return EXIT.good;
      }
      case 'demo': {
        const { job } = values;
        const notebooks = values.notebooks === undefined ? undefined : resolve(context.cwd, values.notebooks);
        if (job) {
          return asJob(context, async (within, progress) => {
            await startDemo(name, notebooks, within, progress);
            return {};
          });
        }
        const line = new ProgressLine(context.stderr);
        const result = await startDemo(name, notebooks, context, line.show).finally(line.end);
        context.stderr.write(demoInWords(name, result));
        print(result, `${result.settings}\n`);
        return EXIT.good;
      }
      case 'down': {
        const ran = await down(name, context.env);
        const deleted = values.delete ? await remove(name, context.env) : null;
        if (deleted !== null) {
          await disuse(stackFolder(name, context.env).settings, context);
        }
        context.stderr.write(
          `The stack ${name} ${ran ? 'is down' : 'did not run'}.\n` +
            (deleted ? `Deleted ${deleted} (Cassandra's data, buckets, settings, logs).\n` : '')
        );
        print({ name, ran, deleted }, '');
        return EXIT.good;
      }
      case 'status': {
        const now = await status(name, context.env);
        print(now, inWords(now));
        return now.running && now.parts.every(({ answers }) => answers) ? EXIT.good : EXIT.failed;
      }
      case 'stop':
      case 'start': {
        const now = await change(name, verb, partName(part), context.env);
        print(now, inWords(now));
        return EXIT.good;
      }
      case 'input': {
        const input = await makeInput(name, values, context);
        context.stderr.write(`${inputInWords(input)}\n`);
        print(input, `${input.address}\n`);
        return EXIT.good;
      }
      case 'supervise':
        return supervise(name, supervisorProcess(context, values.owned));
      default:
        throw new WrongUse(verb ? `There is no \`stack ${verb}\`.` : 'What is the stack to do?');
    }
  }
};

function demoInWords(name: string, { input, settings, used_as: usedAs }: IDemo): string {
  return (
    `The stack ${name} is up. ${inputInWords(input)}\n` +
    `Settings: ${usedAs}${usedAs === settings ? '' : `, which leads to ${settings}`}\n` +
    `\`twinstore stack down --name ${name}\` stops it.\n`
  );
}

function supervisorProcess(context: IContext, owned: boolean): Parameters<typeof supervise>[1] {
  context.stdout.on('error', () => undefined); // Who waited for it to be ready is gone.
  return {
    pid: process.pid,
    env: context.env,
    print: event => void context.stdout.write(`${JSON.stringify(event)}\n`),
    owner: owned ? context.stdin : undefined,
    onSignal: stop => context.signal.addEventListener('abort', stop)
  };
}

function partName(text: string | undefined): PartName {
  if (text !== 'cassandra' && text !== 's3') {
    throw new WrongUse('The parts of the stack are cassandra and s3.');
  }
  return text;
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text !== undefined && !/^[1-9]\d{0,4}$/.test(text)) {
    throw new WrongUse(`${option} takes a whole number up to 99999, not '${text}'.`);
  }
  return text === undefined ? undefined : Number(text);
}

function inWords({ name, running, folder, settings, supervisor, parts }: IStackStatus): string {
  if (!running || !supervisor) {
    return existsSync(settings)
      ? `The stack ${name} does not run; its data are in ${folder}. \`twinstore stack up --name ${name}\` starts it.\n`
      : `There is no stack ${name}. \`twinstore stack up --name ${name}\` makes one, \`twinstore stack demo\` also uses it.\n`;
  }
  const rows = [
    ...parts.map(part => [
      part.title,
      part.state === 'running' && !part.answers ? 'does not answer' : part.state,
      String(part.pid ?? '–'),
      String(part.port),
      part.rss_bytes === null ? '–' : mebibytes(part.rss_bytes),
      part.uptime_s === null ? '–' : duration(part.uptime_s)
    ]),
    [
      'Supervisor',
      'running',
      String(supervisor.pid),
      '–',
      supervisor.rss_bytes === null ? '–' : mebibytes(supervisor.rss_bytes),
      duration(supervisor.uptime_s)
    ]
  ];
  const errors = parts.flatMap(({ error }) => (error ? [`${error.message} ${error.remedy}\n`] : []));
  const table = textTable([['part', 'state', 'pid', 'port', 'memory', 'up for'], ...rows]);
  return `${table}Settings: ${settings}\n${errors.join('')}`;
}
