import { syntax } from './errors';
import type { LiteralKind } from './statements';

export interface IToken {
  /** A word is a name or a keyword; `name` is a quoted one, whose case is kept. */
  kind: 'word' | 'name' | LiteralKind | 'sign' | 'end';
  /** Words in lower case; quotes taken off. */
  text: string;
  at: number;
}

/** What each kind looks like, the first that fits. */
const PATTERNS: readonly (readonly [IToken['kind'] | 'space', RegExp])[] = [
  ['space', /(?:\s|--[^\n]*|\/\*[^]*?\*\/)+/y],
  ['string', /'(?:[^']|'')*'/y],
  ['name', /"(?:[^"]|"")+"/y],
  ['uuid', /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/iy],
  ['blob', /0x[0-9a-f]*/iy],
  ['float', /-?(?:\d+(?:\.\d*(?:[eE][+-]?\d+)?|[eE][+-]?\d+)|(?:NaN|Infinity)\b)/y],
  ['integer', /-?\d+/y],
  ['boolean', /(?:true|false)\b/iy],
  ['word', /[a-z][a-z0-9_]*/iy],
  ['sign', /<=|>=|[<>=()[\]{},;.?:*]/y]
];

/** Cuts a statement into tokens; the last is its end. Throws where a character fits nothing. */
export function tokenize(cql: string): IToken[] {
  const tokens: IToken[] = [];
  let at = 0;
  while (at < cql.length) {
    const found = firstFit(cql, at);
    if (found === null) {
      throw syntax(`line 1:${at} no viable alternative at character '${cql[at] as string}'`);
    }
    const [kind, text] = found;
    if (kind !== 'space') {
      tokens.push({ kind, text: meaning(kind, text), at });
    }
    at += text.length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', at });
  return tokens;
}

function firstFit(cql: string, at: number): readonly [IToken['kind'] | 'space', string] | null {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(cql);
    if (match !== null) {
      return [kind, match[0]];
    }
  }
  return null;
}

function meaning(kind: IToken['kind'], text: string): string {
  switch (kind) {
    case 'string':
      return text.slice(1, -1).replaceAll("''", "'");
    case 'name':
      return text.slice(1, -1).replaceAll('""', '"');
    case 'word':
      return text.toLowerCase();
    default:
      return text;
  }
}
