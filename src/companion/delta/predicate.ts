import { TwinstoreError } from '../../contract';

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** What rows must satisfy, as SQL has it: a comparison with null is neither true nor false. */
export type Predicate =
  | { kind: 'and' | 'or'; of: readonly Predicate[] }
  | { kind: 'not'; of: Predicate }
  | { kind: 'isNull'; column: string }
  /** The literal as it was written: a number, or a text without its quotes. */
  | { kind: 'compare'; column: string; op: Comparison; literal: string };

/** Three values: true, false, and null for "not known", joined as SQL does. */
export type Truth = boolean | null;

export function not(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

export function all(truths: readonly Truth[]): Truth {
  return truths.includes(false) ? false : truths.includes(null) ? null : true;
}

export function any(truths: readonly Truth[]): Truth {
  return not(all(truths.map(not)));
}

const TOKEN =
  /\s*(?:(<>|!=|<=|>=|=|<|>|\(|\))|'((?:[^']|'')*)'|`((?:[^`]|``)+)`|([+-]?(?:\d[\w.+-]*|\.\d[\w.+-]*))|([\p{L}_][\p{L}\p{N}_]*))/uy;

interface IToken {
  kind: 'operator' | 'text' | 'column' | 'number' | 'word';
  text: string;
}

/**
 * Parses a condition such as `c > 1 and (d = 'x' or not e is null)`: columns, bare or in backticks, on the left, numbers or
 * quoted texts on the right, `and`, `or`, `not`, parentheses, `is null` and `is not null`.
 *
 * Throws `bad_request` that says where it stops making sense.
 */
export function parsePredicate(text: string): Predicate {
  return new Parser(text).parse();
}

/** How deep conditions may stand in each other. */
const MAX_DEPTH = 100;

class Parser {
  constructor(private readonly text: string) {
    TOKEN.lastIndex = 0;
    for (let at = 0; text.slice(at).trim() !== ''; at = TOKEN.lastIndex) {
      const match = TOKEN.exec(text);
      if (match === null) {
        throw this.refuse(text.slice(at));
      }
      const [, operator, quoted, column, number, word] = match;
      this.tokens.push(
        operator !== undefined
          ? { kind: 'operator', text: operator }
          : quoted !== undefined
            ? { kind: 'text', text: quoted.replaceAll("''", "'") }
            : column !== undefined
              ? { kind: 'column', text: column.replaceAll('``', '`') }
              : number !== undefined
                ? { kind: 'number', text: number }
                : { kind: 'word', text: word ?? '' }
      );
    }
  }

  parse(): Predicate {
    const predicate = this.either();
    if (this.next !== undefined) {
      throw this.refuse(this.next.text);
    }
    return predicate;
  }

  private either(): Predicate {
    const of = [this.both()];
    while (this.takes('or')) {
      of.push(this.both());
    }
    return of.length === 1 ? (of[0] as Predicate) : { kind: 'or', of };
  }

  private both(): Predicate {
    const of = [this.single()];
    while (this.takes('and')) {
      of.push(this.single());
    }
    return of.length === 1 ? (of[0] as Predicate) : { kind: 'and', of };
  }

  private single(): Predicate {
    if (this.takes('not')) {
      return { kind: 'not', of: this.within(() => this.single()) };
    }
    if (this.takes('(')) {
      const inside = this.within(() => this.either());
      this.expect(')');
      return inside;
    }
    const column = this.take('column', 'word');
    if (this.takes('is')) {
      const isNot = this.takes('not');
      this.expect('null');
      const isNull: Predicate = { kind: 'isNull', column };
      return isNot ? { kind: 'not', of: isNull } : isNull;
    }
    const operator = this.take('operator').replace('!=', '<>');
    if (!['=', '<>', '<', '<=', '>', '>='].includes(operator)) {
      throw this.refuse(operator);
    }
    const literal = this.takesWord('true', 'false') ?? this.take('number', 'text');
    return { kind: 'compare', column, op: operator as Comparison, literal };
  }

  private within(parse: () => Predicate): Predicate {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) {
      throw new TwinstoreError(
        'bad_request',
        `The condition has more than ${MAX_DEPTH} conditions in each other.`,
        'Leave parentheses out.'
      );
    }
    const predicate = parse();
    this.depth -= 1;
    return predicate;
  }

  private get next(): IToken | undefined {
    return this.tokens[this.at];
  }

  /** Keywords in any case, and parentheses. */
  private takes(wanted: string): boolean {
    return this.takesWord(wanted) !== null;
  }

  private takesWord(...wanted: string[]): string | null {
    const token = this.next;
    const word = token?.kind === 'word' || token?.kind === 'operator' ? token.text.toLowerCase() : '';
    if (!wanted.includes(word)) {
      return null;
    }
    this.at += 1;
    return word;
  }

  private take(...kinds: IToken['kind'][]): string {
    const token = this.next;
    if (token === undefined || !kinds.includes(token.kind)) {
      throw this.refuse(token?.text ?? 'its end');
    }
    this.at += 1;
    return token.text;
  }

  private expect(wanted: string): void {
    if (!this.takes(wanted)) {
      throw this.refuse(this.next?.text ?? 'its end');
    }
  }

  private refuse(where: string): TwinstoreError {
    return new TwinstoreError(
      'bad_request',
      `The condition ${JSON.stringify(this.text)} makes no sense at ${JSON.stringify(where.trim())}.`,
      "Write it like c > 1 and d = 'x'; put unusual column names in backticks."
    );
  }

  private readonly tokens: IToken[] = [];
  private at = 0;
  private depth = 0;
}
