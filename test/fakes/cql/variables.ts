import { invalid } from './errors';
import type { ISpec } from './messages';
import type { Term } from './statements';
import { decodeJson, encodeElements, encodeLiteral, TEXT, validate } from './types';
import type { CqlType } from './types';
import type { BoundValue } from './wire';

/** Gives a term's value when those of the markers are known. */
export type Evaluate = (values: readonly BoundValue[]) => BoundValue;

/** The markers of one statement. */
export class Variables {
  /** In the order of the text. */
  readonly specs: ISpec[] = [];

  /** How to get the value of a term that stands for what `spec` says. Throws where it cannot be of that type. */
  evaluator(term: Term, spec: ISpec): Evaluate {
    switch (term.kind) {
      case 'marker':
        return this.marker(term.index, { ...spec, name: term.name ?? spec.name });
      case 'null':
        return () => null;
      case 'literal': {
        const value = encodeLiteral(spec.type, term.literal, term.text);
        return () => value;
      }
      case 'fromJson': {
        const json = this.evaluator(term.term, { name: spec.name, type: TEXT });
        return values => {
          const text = json(values);
          return text instanceof Buffer ? decodeJson(spec.type, text.toString('utf8')) : text;
        };
      }
      case 'list':
      case 'set':
        return this.elements(spec.type, term.kind, term.items);
      case 'map':
        return this.elements(spec.type, 'map', term.entries.flat());
    }
  }

  /** The values in the order of the markers. Throws where some are missing, too many or of another type. */
  bind(given: readonly BoundValue[] | ReadonlyMap<string, BoundValue>): readonly BoundValue[] {
    const values = given instanceof Map ? this.specs.map(({ name }) => given.get(name)) : (given as BoundValue[]);
    if (values.length !== this.specs.length) {
      throw invalid(`Invalid amount of bind variables: ${values.length} instead of ${this.specs.length}`);
    }
    values.forEach((value, at) => {
      if (value instanceof Buffer) {
        validate((this.specs[at] as ISpec).type, value);
      }
    });
    return values;
  }

  private marker(index: number, spec: ISpec): Evaluate {
    this.specs[index] = spec;
    return values => values[index];
  }

  private elements(type: CqlType, kind: 'list' | 'set' | 'map', terms: readonly Term[]): Evaluate {
    // Without elements the braces of a set and of a map look alike.
    if (type.kind === 'native' || (type.kind !== kind && terms.length > 0)) {
      throw invalid(`Invalid ${kind} literal`);
    }
    const parts = type.kind === 'map' ? [type.key, type.value] : [type.of];
    const evaluators = terms.map((term, at) =>
      this.evaluator(term, { name: 'element', type: parts[at % parts.length] as CqlType })
    );
    return values => {
      const encoded = evaluators.map(evaluate => evaluate(values));
      if (!encoded.every((element): element is Buffer => element instanceof Buffer)) {
        throw invalid('null is not supported inside collections');
      }
      return encodeElements(type, encoded);
    };
  }
}
