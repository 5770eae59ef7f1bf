const UNIT_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of an age such as `24h`, whose shape the schema of the settings has checked. */
export function seconds(age: string): number {
  return Number(age.slice(0, -1)) * (UNIT_S[age.slice(-1)] ?? NaN);
}
