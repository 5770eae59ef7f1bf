import type { Socket } from 'node:net';

import { AUTHENTICATOR, Login } from './auth';
import type { IAccounts } from './auth';
import type { Engine, IAnswer, ISession } from './engine';
import { CqlError, protocolError, serverError } from './errors';
import { decodeRequest, encodePrepared, encodeResult } from './messages';
import type { Request } from './messages';
import type { INode } from './plan';
import { encodeResponse, FrameSplitter, OPCODE, unreadable, VERSION, Writer } from './wire';
import type { IFrame } from './wire';

/** What a driver is told that the server can do: no compression. */
const SUPPORTED = { CQL_VERSION: ['3.4.4'], COMPRESSION: [], PROTOCOL_VERSIONS: ['4/v4'] };

interface IReply {
  opcode: number;
  body: Buffer;
  warnings?: readonly string[];
}

const EMPTY = Buffer.alloc(0);

/** Answers the requests of one client, each at once and in their order. */
export class Connection {
  constructor(
    private readonly socket: Socket,
    private readonly engine: Engine,
    node: INode,
    private readonly accounts: IAccounts | null
  ) {
    this.session = { node, keyspace: null };
    const splitter = new FrameSplitter();
    socket.on('data', chunk => splitter.push(chunk).forEach(frame => this.answer(frame)));
    // A client that goes away has nobody to tell.
    socket.on('error', () => undefined);
  }

  private answer(frame: IFrame): void {
    const { opcode, body, warnings } = this.replyOrError(frame);
    this.socket.write(encodeResponse(frame.stream, opcode, body, warnings));
  }

  private replyOrError(frame: IFrame): IReply {
    try {
      if (frame.version !== VERSION) {
        const message = `Invalid or unsupported protocol version (${frame.version}); supported versions are (4/v4)`;
        throw protocolError(message);
      }
      const reason = unreadable(frame);
      if (reason !== null) {
        throw protocolError(reason);
      }
      return this.reply(decodeRequest(frame));
    } catch (error) {
      const told = error instanceof CqlError ? error : serverError(`The fake failed: ${String(error)}`);
      return { opcode: OPCODE.error, body: told.encode() };
    }
  }

  private reply(request: Request): IReply {
    switch (request.kind) {
      case 'options':
        return { opcode: OPCODE.supported, body: new Writer().stringMultimap(SUPPORTED).done() };
      case 'startup':
        return this.startup(request.options);
      case 'authResponse':
        return this.login(request.token);
    }
    if (!this.isReady) {
      throw protocolError('The connection is not ready: STARTUP and login come first');
    }
    const { engine, session } = this;
    switch (request.kind) {
      case 'register':
        // No events are ever sent.
        return { opcode: OPCODE.ready, body: EMPTY };
      case 'query':
        return reply(engine.query(request.cql, request.parameters, session), false);
      case 'prepare':
        return { opcode: OPCODE.result, body: encodePrepared(engine.prepare(request.cql, session)) };
      case 'execute':
        return reply(engine.execute(request.id, request.parameters, session), request.parameters.skipMetadata);
      case 'batch':
        return reply(engine.batch(request.logged, request.items, request.parameters, session), false);
    }
  }

  private startup(options: ReadonlyMap<string, string>): IReply {
    if (options.has('COMPRESSION')) {
      throw protocolError(`Unknown compression algorithm: ${options.get('COMPRESSION') as string}`);
    }
    if (this.accounts === null) {
      this.isReady = true;
      return { opcode: OPCODE.ready, body: EMPTY };
    }
    this.pending = new Login(this.accounts, this.engine.clock);
    return { opcode: OPCODE.authenticate, body: new Writer().string(AUTHENTICATOR).done() };
  }

  private login(token: Buffer): IReply {
    if (this.pending === null) {
      throw protocolError('Nobody asked for credentials');
    }
    const challenge = this.pending.take(token);
    if (challenge !== null) {
      return { opcode: OPCODE.authChallenge, body: new Writer().bytes(challenge).done() };
    }
    this.pending = null;
    this.isReady = true;
    return { opcode: OPCODE.authSuccess, body: new Writer().bytes(null).done() };
  }

  private readonly session: ISession;
  private pending: Login | null = null;
  private isReady = false;
}

function reply({ result, warnings, hasPreparedColumns }: IAnswer, skipMetadata: boolean): IReply {
  return { opcode: OPCODE.result, body: encodeResult(result, skipMetadata && hasPreparedColumns), warnings };
}
