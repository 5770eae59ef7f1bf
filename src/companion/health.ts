import { PROTOCOL, TwinstoreError, VERSION } from '../contract';
import type { IErrorBody, IHealth, IStoreHealth } from '../contract';

/** A store that can be asked whether it is there. */
export interface IProbe {
  /** As in `IStoreHealth`. */
  name: string;
  address: string;
  /** Throws when the store does not answer as it should. */
  check(signal: AbortSignal): Promise<void>;
}

/**
 * A store that answers later than this counts as unreachable. Above the 5 s that the online store gives itself: only its
 * own deadline tells it to connect afresh.
 */
const DEADLINE_MS = 6_000;

/** Asks every store whether it answers, and remembers when each last did. */
export class HealthCheck {
  constructor(
    private readonly probes: readonly IProbe[],
    private readonly environment: string,
    private readonly actingAs: string,
    private readonly nowUs: () => number,
    private readonly toBody: (error: unknown) => IErrorBody
  ) {}

  async health(signal: AbortSignal): Promise<IHealth> {
    return {
      protocol: PROTOCOL,
      version: VERSION,
      node: process.version,
      environment: this.environment,
      acting_as: this.actingAs,
      stores: await Promise.all(this.probes.map(probe => this.ask(probe, signal)))
    };
  }

  private async ask(probe: IProbe, signal: AbortSignal): Promise<IStoreHealth> {
    const { name, address } = probe;
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const startUs = this.nowUs();
    try {
      await probe.check(AbortSignal.any([signal, deadline]));
      const endUs = this.nowUs();
      this.seenUs.set(probe, endUs);
      return { name, address, ok: true, took_ms: (endUs - startUs) / 1000, last_seen_us: endUs, error: null };
    } catch (error) {
      signal.throwIfAborted();
      const problem = deadline.aborted ? tooLate(probe) : error;
      const last_seen_us = this.seenUs.get(probe) ?? null;
      return { name, address, ok: false, took_ms: null, last_seen_us, error: this.toBody(problem) };
    }
  }

  private readonly seenUs = new Map<IProbe, number>();
}

function tooLate({ name, address }: IProbe): TwinstoreError {
  return new TwinstoreError(
    'deadline',
    `${name} at ${address} did not answer in ${DEADLINE_MS / 1000} s.`,
    'Check that it runs and is not overloaded.'
  );
}
