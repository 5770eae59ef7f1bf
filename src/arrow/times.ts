const US_PER_DAY = 86_400_000_000n;

/** ISO 8601 in the proleptic Gregorian calendar, which is Spark's. */
export function dateText(days: number): string {
  // Civil from days, counted in eras of 400 years from 1 March of year 0.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const day = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (day - Math.floor(day / 1_460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365
  );
  const dayOfYear = day - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const dayOfMonth = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const digits = String(Math.abs(year)).padStart(4, '0');
  return `${year < 0 ? '-' : year > 9999 ? '+' : ''}${digits}-${pad(month)}-${pad(dayOfMonth)}`;
}

/** ISO 8601 with µs. @param isInstant Whether it is UTC, not a time without zone. */
export function timestampText(us: bigint, isInstant: boolean): string {
  const inDay = ((us % US_PER_DAY) + US_PER_DAY) % US_PER_DAY;
  const seconds = Number(inDay / 1_000_000n);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(pad).join(':');
  const fraction = String(inDay % 1_000_000n).padStart(6, '0');
  return `${dateText(Number((us - inDay) / US_PER_DAY))}T${time}.${fraction}${isInstant ? 'Z' : ''}`;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
