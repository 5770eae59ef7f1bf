import { createHash, createHmac, randomBytes } from 'node:crypto';

import type { Clock } from './clock';
import { badCredentials } from './errors';

/** Who is let in; both ways at once, as Keyspaces does it. */
export interface IAccounts {
  password?: { username: string; password: string };
  sigv4?: { region: string; access_key: string; secret_key: string; session_token?: string };
}

/** As Keyspaces calls it. */
export const AUTHENTICATOR = 'com.amazon.helenus.auth.HelenusAuthenticator';

const SIGV4 = 'SigV4\0\0';
const VALID_S = 900;

/** The SASL exchange of one connection: PLAIN, or Signature Version 4 over a nonce. */
export class Login {
  constructor(
    private readonly accounts: IAccounts,
    private readonly clock: Clock
  ) {}

  /** Takes what the client says. Gives a challenge, or null when it is let in. Throws when it is not. */
  take(token: Buffer): Buffer | null {
    if (this.nonce !== null) {
      this.checkSignature(token.toString('utf8'), this.nonce);
      return null;
    }
    if (token.toString('utf8') === SIGV4) {
      this.nonce = randomBytes(16).toString('hex');
      return Buffer.from(`nonce=${this.nonce}`, 'utf8');
    }
    this.checkPassword(token);
    return null;
  }

  private checkPassword(token: Buffer): void {
    const { password } = this.accounts;
    const [, username, secret] = token.toString('utf8').split('\0');
    if (password === undefined || username !== password.username || secret !== password.password) {
      throw badCredentials(`Provided username ${username ?? ''} and/or password are incorrect`);
    }
  }

  private checkSignature(text: string, nonce: string): void {
    const { sigv4 } = this.accounts;
    const given = new Map(
      text.split(',').map(part => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)])
    );
    const date = given.get('amzdate') ?? '';
    const ageMs = Math.abs(this.clock.nowMs() - Date.parse(date));
    const isKnown = sigv4 !== undefined && given.get('access_key') === sigv4.access_key;
    if (!isKnown || given.get('session_token') !== sigv4.session_token || !(ageMs <= VALID_S * 1000)) {
      throw badCredentials('The access key, the session token or the date of the signature is not valid');
    }
    if (given.get('signature') !== signature(nonce, date, sigv4.region, sigv4.access_key, sigv4.secret_key)) {
      throw badCredentials('The signature does not match');
    }
  }

  private nonce: string | null = null;
}

/**
 * The signature of a pre-signed `PUT /authenticate` of the service `cassandra` whose content is the nonce.
 *
 * @param date ISO 8601 with milliseconds, in UTC.
 */
export function signature(nonce: string, date: string, region: string, accessKey: string, secretKey: string): string {
  const day = date.slice(0, 10).replaceAll('-', '');
  const scope = `${day}/${region}/cassandra/aws4_request`;
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${accessKey}/${scope}`)}`,
    `X-Amz-Date=${encodeURIComponent(date)}`,
    `X-Amz-Expires=${VALID_S}`
  ].join('&');
  const request = ['PUT', '/authenticate', query, 'host:cassandra', '', 'host', sha256(nonce)].join('\n');
  const key = [day, region, 'cassandra', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretKey}`, 'utf8'));
  return hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(request)].join('\n')).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
