import { setMaxListeners } from 'node:events';
import { homedir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CurrentServices, Redactor } from '../companion';
import { STATE_GLYPH } from '../contract';
import type { IGroupsAnswer, IGroupSummary } from '../contract';
import { EXIT, WrongUse } from './command';
import type { ICommand, IContext } from './command';
import { askCompanion } from './companion_client';
import { textTable } from './output';
import { count } from './words';

const HELP = `Usage: twinstore groups [--json]

List the feature groups under the configured roots: how their twins stand, how far the online store is, how fresh
both stores are, and when they were last proved to agree.

  --json   the answer as JSON on stdout

Exit code: 0 all could be read and none differs, 1 else, 2 wrong use.
`;
const VERDICT = {
  in_parity: 'in parity',
  out_of_parity: 'out of parity',
  no_difference_found: 'no difference found',
  unknown: 'unknown'
} as const;
const NONE = '–';

export const groupsCommand: ICommand = {
  summary: 'the feature groups and how their twins stand',
  help: HELP,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args,
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true
    });
    if (positionals.length > 0) {
      throw new WrongUse('`twinstore groups` takes no names.');
    }
    const answer = await listGroups(context);
    if (values.json) {
      context.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    } else {
      if (answer.groups.length > 0 || answer.errors.length === 0) {
        context.stdout.write(groupsInWords(answer.groups, Date.now() * 1000));
      }
      context.stderr.write(problemsInWords(answer));
    }
    const bad = answer.groups.some(({ state, error }) => state === 'differs' || error !== null);
    return bad || answer.errors.length > 0 ? EXIT.failed : EXIT.good;
  }
};

/** Of the companion that the Jupyter Server of this terminal runs, else by the same services in this process. */
async function listGroups({ env, cwd, program, signal }: IContext): Promise<IGroupsAnswer> {
  // Every read listens; there are more than Node takes for a leak.
  setMaxListeners(0, signal);
  const runtime = env['TWINSTORE_RUNTIME'];
  if (runtime) {
    return (await askCompanion(runtime, 'groups', {}, signal)) as IGroupsAnswer;
  }
  const services = new CurrentServices({
    places: { env, cwd, home: homedir() },
    workerScript: join(dirname(program), 'worker.js'),
    redactor: new Redactor(),
    nowUs: () => Date.now() * 1000,
    random: Math.random,
    user: userInfo().username
  });
  try {
    return await (await services.get()).catalogue.list(signal);
  } finally {
    await services.dispose();
  }
}

/** A table for a reader, one line a group. */
export function groupsInWords(groups: readonly IGroupSummary[], nowUs: number): string {
  if (groups.length === 0) {
    return 'No feature group was found under the configured roots.\n';
  }
  const rows = groups.map(group => [
    `${STATE_GLYPH[group.state]} ${group.name}`,
    group.words,
    group.watermark === null ? NONE : group.watermark < 0 ? 'nothing yet' : `v${group.watermark}`,
    group.lag === null ? NONE : count(group.lag),
    age(group.offline_event_us, nowUs),
    age(group.online_event_us, nowUs),
    proofInWords(group.last_proof, nowUs)
  ]);
  return textTable([['  group', 'state', 'online at', 'lag', 'offline age', 'online age', 'last proof'], ...rows]);
}

function problemsInWords({ groups, errors }: IGroupsAnswer): string {
  const ofGroups = groups.flatMap(({ name, error }) => (error === null ? [] : [{ place: name, error }]));
  const ofPlaces = errors.map(({ location, error }) => ({ place: location, error }));
  return [...ofPlaces, ...ofGroups].map(({ place, error }) => `${place}: ${error.message} ${error.remedy}\n`).join('');
}

function proofInWords(proof: IGroupSummary['last_proof'], nowUs: number): string {
  if (proof === null) {
    return 'never';
  }
  const at = proof.version === null ? '' : ` at v${proof.version}`;
  return `${VERDICT[proof.verdict]}${at}, ${age(proof.at_us, nowUs)} ago`;
}

/** The largest unit that is at least one: `4,288 d`, `3 h`, `12 min`, `8 s`. */
function age(us: number | null, nowUs: number): string {
  if (us === null) {
    return NONE;
  }
  const seconds = Math.max(0, (nowUs - us) / 1e6);
  const [size, unit] = (
    [
      [86_400, 'd'],
      [3_600, 'h'],
      [60, 'min']
    ] as const
  ).find(([size]) => seconds >= size) ?? [1, 's'];
  return `${count(Math.floor(seconds / size))} ${unit}`;
}
