import { groupOf, limitOf, optionalText, previewOf, statisticsOf, tableOf } from './requests';
import type { IServices } from './services';
import type { Parts } from './streamed';

/** How one route is answered: with JSON, or with frames as they come. */
export type IHandler = IJsonHandler | IStreamHandler;

interface IJsonHandler {
  /** Ms after which the request is aborted. */
  deadlineMs: number;
  run(services: IServices, body: unknown, signal: AbortSignal): Promise<unknown>;
}

export interface IStreamHandler {
  /** Ms without any progress after which the request is aborted. */
  deadlineMs: number;
  stream(services: IServices, body: unknown, signal: AbortSignal): Parts;
}

const DEADLINE_MS = 30_000;

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
  },
  tables: {
    deadlineMs: DEADLINE_MS,
    run: ({ tables }, body, signal) => tables.list(optionalText(body, 'location') ?? null, signal)
  },
  'tables/get': {
    deadlineMs: DEADLINE_MS,
    run: ({ tables }, body, signal) => tables.get(tableOf(body), signal)
  },
  'tables/history': {
    deadlineMs: DEADLINE_MS,
    run: ({ tables }, body, signal) => tables.history(tableOf(body).location, limitOf(body), signal)
  },
  'tables/files': {
    deadlineMs: DEADLINE_MS,
    run: ({ tables }, body, signal) => tables.files(tableOf(body), limitOf(body), signal)
  },
  preview: {
    deadlineMs: DEADLINE_MS,
    stream: ({ tables }, body, signal) => tables.preview(previewOf(body), signal)
  },
  statistics: {
    deadlineMs: DEADLINE_MS,
    stream: ({ tables }, body, signal) => tables.statistics(statisticsOf(body), signal)
  }
};
