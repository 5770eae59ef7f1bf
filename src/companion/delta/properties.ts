/** A property of Delta itself, whose values it takes in any case; undefined where it is not set. */
export function deltaProperty(
  properties: Readonly<Record<string, string>>,
  name: `delta.${string}`
): string | undefined {
  return properties[name]?.toLowerCase();
}
