import { errorBody } from '../../src/companion/error_body';
import { Log } from '../../src/companion/log';
import { Redactor } from '../../src/companion/redaction';
import { TwinstoreError } from '../../src/contract';

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

  it.each([
    ['AKIAABCDEFGHIJKLMNOP tried', 'AKIAABCDEFGHIJKLMNOP'],
    ['{"secret_access_key": "abc123"}', 'abc123'],
    ['password=hunter2&x=1', 'hunter2'],
    ['GET https://b/k?X-Amz-Signature=feed&y', 'feed'],
    ['https://user:pa55@host/', 'pa55']
  ])('knows the shape of a secret in %j', (text, secret) => {
    const cleaned = new Redactor().clean(text);
    expect(cleaned).not.toContain(secret);
    expect(cleaned).toContain('•••');
  });

  it('leaves other text alone', () => {
    const redactor = new Redactor();
    redactor.remember('');
    expect(redactor.clean('S3 at http://127.0.0.1:9000 did not answer.')).toBe(
      'S3 at http://127.0.0.1:9000 did not answer.'
    );
  });
});
