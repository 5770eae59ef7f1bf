import { TwinstoreError } from '../contract';
import type { IServices } from './services';

/** How one route is answered. */
export interface IHandler {
  /** Ms after which the request is aborted. */
  deadlineMs: number;
  run(services: IServices, body: unknown, signal: AbortSignal): Promise<unknown>;
}

const DEADLINE_MS = 30_000;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** The routes of `routes.json`, by path. */
export const HANDLERS: Readonly<Record<string, IHandler>> = {
  // Above the time that a store has to answer, so that a silent store is an answer.
  health: { deadlineMs: 8_000, run: ({ health }, _, signal) => health.health(signal) },
  groups: { deadlineMs: DEADLINE_MS, run: ({ catalogue }, _, signal) => catalogue.list(signal) },
  'groups/get': {
    deadlineMs: DEADLINE_MS,
    run: ({ catalogue }, body, signal) => catalogue.get(groupOf(body), signal)
  },
  receipts: {
    deadlineMs: DEADLINE_MS,
    run: ({ catalogue }, body, signal) => catalogue.receipts(groupOf(body), limitOf(body), signal)
  },
  proofs: {
    deadlineMs: DEADLINE_MS,
    run: ({ catalogue }, body, signal) => catalogue.proofs(groupOf(body), limitOf(body), signal)
  }
};

function groupOf(body: unknown): string {
  const { group } = body as { group?: unknown };
  if (typeof group !== 'string') {
    throw new TwinstoreError('bad_request', 'The request names no group.', 'Send {"group": "<name>"}.');
  }
  return group;
}

function limitOf(body: unknown): number {
  const { limit = DEFAULT_LIMIT } = body as { limit?: unknown };
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > MAX_LIMIT) {
    throw new TwinstoreError(
      'bad_request',
      'The limit is no whole number that can be served.',
      `Ask for 1 to ${MAX_LIMIT}.`
    );
  }
  return limit as number;
}
