import Ajv from 'ajv';
import type { ErrorObject } from 'ajv';

/** Returns the value when it is as the schema says, else calls `refuse` with everything that is wrong, in words. */
export type JsonSchemaCheck<T> = (value: unknown, refuse: (problems: string) => never) => T;

/** A check against one of the contract's schemas. */
export function jsonSchema<T>(schema: object): JsonSchemaCheck<T> {
  const ajv = new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    formats: { uri: (value: string) => URL.canParse(value) }
  });
  const matches = ajv.compile<T>(schema);
  return (value, refuse) => (matches(value) ? value : refuse((matches.errors ?? []).map(inWords).join('; ')));
}

function inWords({ instancePath, keyword, params, message = '' }: ErrorObject): string {
  const place = instancePath.slice(1).replaceAll('/', '.') || 'it';
  const named = keyword === 'additionalProperties' ? ` ("${String(params['additionalProperty'])}")` : '';
  const allowed = keyword === 'enum' ? ` ${(params['allowedValues'] as unknown[]).join(', ')}` : '';
  return `${place} ${message}${named}${allowed}`;
}
