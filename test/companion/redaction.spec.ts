import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorBody } from '../../src/companion/error_body';
import { Log } from '../../src/companion/log';
import { Redactor } from '../../src/companion/redaction';
import { TwinstoreError } from '../../src/contract';

const VECTORS: { cases: { text: string; redacted: string }[] } = JSON.parse(
  readFileSync(resolve(__dirname, '..', 'vectors', 'redaction.json'), 'utf8')
);
const CANARY = 'canary-"7f3a\\';

describe('Redactor', () => {
  it('takes secrets out of errors and log lines, also where JSON has escaped them', () => {
    const redactor = new Redactor();
    redactor.remember(CANARY);
    const lines: string[] = [];
    const log = new Log(
      line => lines.push(line),
      redactor,
      () => 0
    );
    const foreign = new Error(`connect to x with ${CANARY}`);
    const known = new TwinstoreError('store_failed', `m ${CANARY}`, `r ${CANARY}`, {
      details: JSON.stringify({ CANARY })
    });
    for (const error of [foreign, known]) {
      const body = errorBody(error, 'id', redactor);
      log.error('failed', { ...body });
      lines.push(JSON.stringify(body));
    }
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain('7f3a');
    expect(lines[0]).toContain('connect to x with •••');
  });

  it('leaves nothing of a secret that begins with another one', () => {
    const redactor = new Redactor();
    redactor.remember('sesame');
    redactor.remember('sesame-open');
    expect(redactor.clean('with sesame-open')).toBe('with •••');
  });

  it.each(VECTORS.cases)('knows the shape of a secret, and leaves other text alone: $text', ({ text, redacted }) => {
    const redactor = new Redactor();
    redactor.remember('');
    expect(redactor.clean(text)).toBe(redacted);
  });
});
