/** A line of Python that reads a table, at a version when one is given. */
export function codeFor(location: string, version: number | null): string {
  const option = version === null ? '' : `.option("versionAsOf", ${version})`;
  return `spark.read.format("delta")${option}.load(${JSON.stringify(location)})`;
}

/** A line of Python that reads the history of a feature group. */
export function codeForGroup(group: string, version: number | null): string {
  return `store.offline(${JSON.stringify(group)}${version === null ? '' : `, version=${version}`})`;
}
