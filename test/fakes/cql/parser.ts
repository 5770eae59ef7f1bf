import { beyondFake, invalid, syntax } from './errors';
import { tokenize } from './lexer';
import type { IToken } from './lexer';
import type {
  Condition,
  Definition,
  IAssignment,
  IModification,
  ISelect,
  ISelector,
  ITableName,
  IUsing,
  LiteralKind,
  Operator,
  Properties,
  PropertyValue,
  Relation,
  Statement,
  Term
} from './statements';
import { nativeType } from './types';
import type { CqlType } from './types';

/** Statements that Keyspaces does not take, by how they begin. */
const UNSUPPORTED = [
  'TRUNCATE',
  'CREATE INDEX',
  'CREATE CUSTOM INDEX',
  'CREATE MATERIALIZED VIEW',
  'CREATE FUNCTION',
  'CREATE AGGREGATE',
  'CREATE TRIGGER',
  'CREATE ROLE',
  'CREATE USER',
  'ALTER TYPE',
  'ALTER MATERIALIZED VIEW',
  'ALTER ROLE',
  'ALTER USER',
  'DROP INDEX',
  'DROP MATERIALIZED VIEW',
  'DROP FUNCTION',
  'DROP AGGREGATE',
  'DROP TRIGGER',
  'DROP ROLE',
  'DROP USER',
  'GRANT',
  'REVOKE',
  'LIST'
];

/** Statements that Keyspaces takes and twinstore does not send. */
const BEYOND = ['BEGIN', 'CREATE TYPE', 'DROP TYPE', 'ALTER KEYSPACE', 'RESTORE TABLE'];

const OPERATORS: readonly string[] = ['=', '<', '<=', '>', '>='];
const LITERALS: readonly string[] = ['string', 'integer', 'float', 'boolean', 'blob', 'uuid'];

/** Reads one statement. Throws for what Keyspaces refuses, for what is beyond this fake, and for what is no CQL. */
export function parse(cql: string): Statement {
  return new Parser(cql).statement();
}

/** Reads a type, such as `frozen<list<int>>`. */
export function parseType(text: string): CqlType {
  return new Parser(text).type();
}

class Parser {
  constructor(cql: string) {
    this.tokens = tokenize(cql);
  }

  statement(): Statement {
    const begins = (words: string): boolean => words.split(' ').every((word, at) => this.isWord(word, at));
    const refused = UNSUPPORTED.find(begins);
    if (refused !== undefined) {
      throw invalid(`${refused} is not yet supported.`);
    }
    const beyond = BEYOND.find(begins);
    if (beyond !== undefined) {
      throw beyondFake(beyond);
    }
    const statement = this.anyStatement();
    this.sign(';');
    if (this.token().kind !== 'end') {
      throw this.unexpected();
    }
    return statement;
  }

  type(): CqlType {
    const name = this.name();
    if (name === 'frozen') {
      this.expect('<');
      const type = this.type();
      this.expect('>');
      return type.kind === 'native' ? type : { ...type, frozen: true };
    }
    if (name === 'list' || name === 'set') {
      this.expect('<');
      const of = this.type();
      this.expect('>');
      return { kind: name, of, frozen: false };
    }
    if (name === 'map') {
      this.expect('<');
      const key = this.type();
      this.expect(',');
      const value = this.type();
      this.expect('>');
      return { kind: 'map', key, value, frozen: false };
    }
    const type = nativeType(name);
    if (type === null) {
      throw beyondFake(`the type ${name}`);
    }
    return type;
  }

  private anyStatement(): Statement {
    if (this.word('select')) {
      return this.select();
    }
    if (this.word('insert')) {
      return this.insert();
    }
    if (this.word('update')) {
      return this.update();
    }
    if (this.word('delete')) {
      return this.delete();
    }
    if (this.word('use')) {
      return { kind: 'use', keyspace: this.name() };
    }
    return this.definition();
  }

  private select(): ISelect {
    const json = this.word('json');
    if (this.isWord('distinct')) {
      throw invalid('DISTINCT is not yet supported.');
    }
    const selection = this.sign('*') ? ('*' as const) : this.list(() => this.selector());
    this.expectWord('from');
    const table = this.tableName();
    const where = this.word('where') ? this.relations() : [];
    for (const clause of ['GROUP BY', 'PER PARTITION LIMIT']) {
      if (this.isWord(clause.split(' ')[0] as string)) {
        throw invalid(`${clause} is not yet supported.`);
      }
    }
    if (this.isWord('order')) {
      throw beyondFake('ORDER BY');
    }
    const limit = this.word('limit') ? this.term() : null;
    const allowFiltering = this.words('allow', 'filtering');
    return { kind: 'select', json, selection, table, where, limit, allowFiltering };
  }

  private selector(): ISelector {
    const isCall = this.token(1).text === '(' && this.token(1).kind === 'sign';
    if (isCall && this.word('tounixtimestamp')) {
      for (const part of ['(', 'now', '(', ')', ')']) {
        if (!this.sign(part)) {
          this.expectWord(part);
        }
      }
      return { kind: 'now', columns: [], alias: this.word('as') ? this.name() : null };
    }
    const kind = isCall ? this.selectorFunction() : ('column' as const);
    const columns = isCall ? this.parenthesized(() => this.name()) : [this.name()];
    return { kind, columns, alias: this.word('as') ? this.name() : null };
  }

  private selectorFunction(): 'writetime' | 'ttl' | 'token' {
    const name = this.name();
    if (name === 'writetime' || name === 'ttl' || name === 'token') {
      return name;
    }
    if (['count', 'min', 'max', 'avg', 'sum'].includes(name)) {
      throw invalid(`${name} is not yet supported.`);
    }
    throw beyondFake(`the function ${name} in a selection`);
  }

  private insert(): IModification {
    this.expectWord('into');
    const table = this.tableName();
    if (this.isWord('json')) {
      throw beyondFake('INSERT JSON');
    }
    const columns = this.parenthesized(() => this.name());
    this.expectWord('values');
    const values = this.parenthesized(() => this.term());
    if (columns.length !== values.length) {
      throw invalid('Unmatched column names/values');
    }
    const condition: Condition | null = this.words('if', 'not', 'exists') ? { kind: 'notExists' } : null;
    const using = this.using();
    const set = columns.map((column, at) => ({ column, term: values[at] as Term }));
    return { kind: 'insert', table, set, where: [], using, condition };
  }

  private update(): IModification {
    const table = this.tableName();
    const using = this.using();
    this.expectWord('set');
    const set = this.list(() => this.assignment());
    this.expectWord('where');
    const where = this.relations();
    return { kind: 'update', table, set, where, using, condition: this.condition() };
  }

  private delete(): IModification {
    if (!this.isWord('from')) {
      throw beyondFake('DELETE of single columns');
    }
    this.expectWord('from');
    const table = this.tableName();
    const using = this.using();
    this.expectWord('where');
    const where = this.relations();
    return { kind: 'delete', table, set: [], where, using, condition: this.condition() };
  }

  private using(): IUsing {
    const using: IUsing = { ttl: null, timestamp: null };
    if (this.word('using')) {
      do {
        if (this.word('ttl')) {
          using.ttl = this.term();
        } else {
          this.expectWord('timestamp');
          using.timestamp = this.term();
        }
      } while (this.word('and'));
    }
    return using;
  }

  private condition(): Condition | null {
    if (!this.word('if')) {
      return null;
    }
    if (this.word('exists')) {
      return { kind: 'exists' };
    }
    const columns = [this.assignment()];
    while (this.word('and')) {
      columns.push(this.assignment());
    }
    return { kind: 'equal', columns };
  }

  private assignment(): IAssignment {
    const column = this.name();
    this.expect('=');
    return { column, term: this.term() };
  }

  private relations(): Relation[] {
    const relations: Relation[] = [];
    do {
      relations.push(this.relation());
    } while (this.word('and'));
    return relations;
  }

  private relation(): Relation {
    if (this.isWord('token') && this.token(1).text === '(') {
      this.name();
      const columns = this.parenthesized(() => this.name());
      return { kind: 'token', columns, operator: this.operator(), term: this.term() };
    }
    const column = this.name();
    if (this.word('in')) {
      const terms = this.isSign('(') ? this.parenthesized(() => this.term()) : { marker: this.term() };
      return { kind: 'in', column, terms };
    }
    return { kind: 'compare', column, operator: this.operator(), term: this.term() };
  }

  private operator(): Operator {
    const { kind, text } = this.token();
    if (kind !== 'sign' || !OPERATORS.includes(text)) {
      throw this.unexpected();
    }
    this.at += 1;
    return text as Operator;
  }

  private definition(): Definition {
    if (this.words('create', 'keyspace')) {
      const ifNotExists = this.words('if', 'not', 'exists');
      return { kind: 'createKeyspace', ifNotExists, keyspace: this.name(), properties: this.properties() };
    }
    if (this.words('drop', 'keyspace')) {
      const ifExists = this.words('if', 'exists');
      return { kind: 'dropKeyspace', ifExists, keyspace: this.name() };
    }
    if (this.words('create', 'table')) {
      return this.createTable();
    }
    if (this.words('alter', 'table')) {
      return this.alterTable();
    }
    if (this.words('drop', 'table')) {
      const ifExists = this.words('if', 'exists');
      return { kind: 'dropTable', ifExists, table: this.tableName() };
    }
    throw this.unexpected();
  }

  private createTable(): Definition {
    const ifNotExists = this.words('if', 'not', 'exists');
    const table = this.tableName();
    const columns = new Map<string, CqlType>();
    let partitionKey: string[] = [];
    let clusteringKey: string[] = [];
    this.parenthesized(() => {
      if (this.words('primary', 'key')) {
        this.expect('(');
        partitionKey = this.isSign('(') ? this.parenthesized(() => this.name()) : [this.name()];
        clusteringKey = this.sign(',') ? this.list(() => this.name()) : [];
        this.expect(')');
        return;
      }
      const name = this.name();
      if (columns.has(name)) {
        throw invalid(`Duplicate column '${name}' declaration for table '${table.table}'`);
      }
      columns.set(name, this.type());
      if (this.words('primary', 'key')) {
        partitionKey = [name];
      }
    });
    const properties = this.properties();
    return { kind: 'createTable', table, ifNotExists, columns, partitionKey, clusteringKey, properties };
  }

  private alterTable(): Definition {
    const table = this.tableName();
    const add = new Map<string, CqlType>();
    if (this.word('add')) {
      const column = (): void => void add.set(this.name(), this.type());
      if (this.isSign('(')) {
        this.parenthesized(column);
      } else {
        this.list(column);
      }
    } else if (!this.isWord('with')) {
      throw invalid(`ALTER TABLE ${this.token().text.toUpperCase()} is not yet supported.`);
    }
    return { kind: 'alterTable', table, add, properties: this.properties() };
  }

  private properties(): Properties {
    const properties = new Map<string, PropertyValue>();
    if (this.word('with')) {
      do {
        const name = this.name();
        this.expect('=');
        properties.set(name, this.property());
      } while (this.word('and'));
    }
    return properties;
  }

  private property(): PropertyValue {
    if (!this.isSign('{')) {
      const { kind, text } = this.take();
      return kind === 'integer' || kind === 'float' ? Number(text) : kind === 'boolean' ? text === 'true' : text;
    }
    this.expect('{');
    const value: Record<string, PropertyValue> = {};
    while (!this.sign('}')) {
      const name = this.take().text;
      this.expect(':');
      value[name] = this.property();
      this.sign(',');
    }
    return value;
  }

  private term(): Term {
    const { kind, text } = this.token();
    if (LITERALS.includes(kind)) {
      this.at += 1;
      return { kind: 'literal', literal: kind as LiteralKind, text };
    }
    if (this.word('null')) {
      return { kind: 'null' };
    }
    if (this.sign('?')) {
      return { kind: 'marker', index: this.markers++, name: null };
    }
    if (this.sign(':')) {
      return { kind: 'marker', index: this.markers++, name: this.name() };
    }
    if (this.isSign('[')) {
      return { kind: 'list', items: this.enclosed('[', () => this.term(), ']') };
    }
    if (this.isSign('{')) {
      return this.braces();
    }
    if (this.word('fromjson')) {
      this.expect('(');
      const term = this.term();
      this.expect(')');
      return { kind: 'fromJson', term };
    }
    if (kind === 'word' && this.token(1).text === '(') {
      throw beyondFake(`the function ${text}`);
    }
    throw this.unexpected();
  }

  /** A set or a map; an empty one is taken as a map, which is written alike. */
  private braces(): Term {
    const entries: (readonly [Term, Term])[] = [];
    const items = this.enclosed(
      '{',
      () => {
        const first = this.term();
        if (this.sign(':')) {
          entries.push([first, this.term()]);
        }
        return first;
      },
      '}'
    );
    return entries.length === items.length ? { kind: 'map', entries } : { kind: 'set', items };
  }

  private tableName(): ITableName {
    const first = this.name();
    return this.sign('.') ? { keyspace: first, table: this.name() } : { keyspace: null, table: first };
  }

  private name(): string {
    const { kind, text } = this.token();
    if (kind !== 'word' && kind !== 'name') {
      throw this.unexpected();
    }
    this.at += 1;
    return text;
  }

  private list<T>(read: () => T): T[] {
    const items = [read()];
    while (this.sign(',')) {
      items.push(read());
    }
    return items;
  }

  private parenthesized<T>(read: () => T): T[] {
    return this.enclosed('(', read, ')');
  }

  private enclosed<T>(open: string, read: () => T, close: string): T[] {
    this.expect(open);
    if (this.sign(close)) {
      return [];
    }
    const items = this.list(read);
    this.expect(close);
    return items;
  }

  private token(ahead = 0): IToken {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as IToken;
  }

  private take(): IToken {
    const token = this.token();
    if (token.kind === 'sign' || token.kind === 'end') {
      throw this.unexpected();
    }
    this.at += 1;
    return token;
  }

  private isWord(word: string, ahead = 0): boolean {
    const { kind, text } = this.token(ahead);
    return kind === 'word' && text === word.toLowerCase();
  }

  private isSign(sign: string): boolean {
    const { kind, text } = this.token();
    return kind === 'sign' && text === sign;
  }

  /** Takes the words if they are all there. */
  private words(...words: string[]): boolean {
    const found = words.every((word, at) => this.isWord(word, at));
    this.at += found ? words.length : 0;
    return found;
  }

  private word(word: string): boolean {
    return this.words(word);
  }

  private sign(sign: string): boolean {
    const found = this.isSign(sign);
    this.at += found ? 1 : 0;
    return found;
  }

  private expectWord(word: string): void {
    if (!this.word(word)) {
      throw this.unexpected();
    }
  }

  private expect(sign: string): void {
    if (!this.sign(sign)) {
      throw this.unexpected();
    }
  }

  private unexpected(): Error {
    const { at, text } = this.token();
    return syntax(`line 1:${at} no viable alternative at input '${text}'`);
  }

  private readonly tokens: IToken[];
  private at = 0;
  private markers = 0;
}
