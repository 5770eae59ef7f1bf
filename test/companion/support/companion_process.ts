import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { join } from 'node:path';

import { readFrames } from '../../../src/contract';
import type { IFrame } from '../../../src/contract';
import { bundle } from './bundles';

export interface IAnswer {
  status: number;
  headers: Readonly<Record<string, unknown>>;
  body: unknown;
}

export const SECRET = '0123456789abcdef'.repeat(4);

/** The companion as the server starts it: its bundle in a process of its own. */
export class CompanionProcess {
  /** @param folder Where its socket lies. */
  static async start(folder: string, env: Record<string, string>): Promise<CompanionProcess> {
    const companion = new CompanionProcess(join(folder, 'companion.sock'), env, folder);
    companion.child.stdin.write(`${JSON.stringify({ socket: companion.socket, secret: SECRET })}\n`);
    await Promise.race([
      once(companion.child.stdout, 'data'),
      companion.ended.then(code => Promise.reject(new Error(`ended with ${code}: ${companion.log}`)))
    ]);
    return companion;
  }

  private constructor(
    readonly socket: string,
    env: Record<string, string>,
    cwd: string
  ) {
    this.child = spawn(process.execPath, [bundle('companion')], {
      cwd,
      env: { ...env, PATH: process.env['PATH'] ?? '' }
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    this.ended = once(this.child, 'exit').then(([code]) => code as number | null);
  }

  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves to its exit code. */
  readonly ended: Promise<number | null>;
  /** All that it wrote to stderr. */
  log = '';

  get(path: string, headers?: OutgoingHttpHeaders): Promise<IAnswer> {
    return this.send('GET', path, undefined, headers).answer;
  }

  post(path: string, body: unknown, headers?: OutgoingHttpHeaders): Promise<IAnswer> {
    return this.send('POST', path, typeof body === 'string' ? body : JSON.stringify(body), headers).answer;
  }

  /** A request that may be destroyed before its answer comes. */
  send(
    method: string,
    path: string,
    body: string | undefined,
    headers: OutgoingHttpHeaders = { 'X-Twinstore-Secret': SECRET }
  ): { call: ClientRequest; answer: Promise<IAnswer> } {
    const call = request({ socketPath: this.socket, method, path, headers });
    const answer = new Promise<IAnswer>((resolve, reject) => {
      call.on('error', reject);
      call.on('response', response => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) });
        });
      });
    });
    call.end(body);
    return { call, answer };
  }

  /** All frames of an answer that streams. */
  async frames(path: string, body: unknown): Promise<IFrame[]> {
    const headers = { 'X-Twinstore-Secret': SECRET };
    const call = request({ socketPath: this.socket, method: 'POST', path, headers });
    const [response] = (await once(call.end(JSON.stringify(body)), 'response')) as [IncomingMessage];
    const frames: IFrame[] = [];
    for await (const frame of readFrames(response)) {
      frames.push(frame);
    }
    return frames;
  }

  /** Ends it as the server does, by closing its stdin. */
  async stop(): Promise<number | null> {
    this.child.stdin.end();
    return this.ended;
  }
}
