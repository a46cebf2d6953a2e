import { randomBytes } from 'node:crypto';
import { Server, ServerCredentials, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js';
import { sha256 } from '../../core/sha256.ts';
import { decodeStatement, type StatementDocument } from '../../core/statements/documents.ts';
import { addressOf, sign } from '../../core/statements/sign.ts';
import type { Domain } from '../../core/statements/types.ts';
import { type Address, address, bytesToHex, type Digest, digest } from '../../core/values.ts';
import type { HelloRequest__Output } from '../../proto/generated/syndic/v1/HelloRequest.ts';
import type { LoginRequest__Output } from '../../proto/generated/syndic/v1/LoginRequest.ts';
import type { Task } from '../../proto/generated/syndic/v1/Task.ts';
import type { TaskEvent } from '../../proto/generated/syndic/v1/TaskEvent.ts';
import type { UploadRequest__Output } from '../../proto/generated/syndic/v1/UploadRequest.ts';
import { loadWire } from '../../proto/load.ts';
import { toWire } from '../../proto/wireValues.ts';

export interface RogueOptions {
  readonly port: number;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** The account that it says it is. */
  readonly account: Address;
  /** What it signs logins with. */
  readonly privateKey: `0x${string}`;
  readonly domain: Domain;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** What a worker signed when it logged in. */
export interface RogueLogin {
  /** The key that it said Hello with. */
  readonly from: Address;
  readonly expires: number;
  readonly signature: `0x${string}`;
}

export interface Sent {
  readonly statement: StatementDocument;
  /** SHA-256 of what came. */
  readonly update: Digest;
}

/**
 * A coordinator as `proto/syndic/v1` has it, by hand: lets any worker in, offers what it is told to offer, sends the
 * bytes that it is told to send, whatever digest is asked for, and signs nothing but logins.
 */
export class RogueCoordinator {
  /** What a download gets, by the digest asked for. */
  readonly files = new Map<Digest, Uint8Array>();
  /** What an upload gets in return. */
  receipt: (sent: Sent) => Uint8Array = () => new Uint8Array();
  /** Calls by name, in order: `Hello`, `Login`, … */
  readonly calls: string[] = [];
  readonly uploads: Sent[] = [];
  /** What a worker is to sign its login over. */
  nonce: Uint8Array = randomBytes(32);
  /** Logins as they came. */
  readonly logins: RogueLogin[] = [];
  private greeted: Address = address(`0x${'00'.repeat(20)}`);
  private readonly server = new Server();
  private readonly options: RogueOptions;
  private readonly refusals = new Map<string, (refusal: Refusal) => void>();
  private readonly watch = Promise.withResolvers<ServerWritableStream<unknown, TaskEvent>>();

  private constructor(options: RogueOptions) {
    this.options = options;
  }

  static async start(options: RogueOptions): Promise<RogueCoordinator> {
    const rogue = new RogueCoordinator(options);
    rogue.serve();
    const { port, cert, key } = options;
    const credentials = ServerCredentials.createSsl(null, [
      { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) },
    ]);
    await new Promise<void>((resolve, reject) => {
      rogue.server.bindAsync(`127.0.0.1:${port}`, credentials, (error) => (error === null ? resolve() : reject(error)));
    });
    return rogue;
  }

  /** Offers a task to the worker that watches, once one does; resolves when it refuses it. */
  async refusalOf(task: Task): Promise<Refusal> {
    const refused = new Promise<Refusal>((resolve) => this.refusals.set(String(task.id), resolve));
    await this.offer(task);
    return await refused;
  }

  async offer(task: Task): Promise<void> {
    (await this.watch.promise).write({ offered: task });
  }

  close(): void {
    this.server.forceShutdown();
  }

  private serve(): void {
    const wire = loadWire();
    const { calls } = this;
    const said = <Q, A>(name: string, answer: (request: Q) => A) => {
      return (call: { request: Q }, reply: sendUnaryData<A>) => {
        calls.push(name);
        reply(null, answer(call.request));
      };
    };
    this.server.addService(wire.SessionService.service, {
      Hello: said('Hello', (request: HelloRequest__Output) => this.hello(request)),
      Login: said('Login', ({ expires, signature }: LoginRequest__Output) => {
        this.logins.push({ from: this.greeted, expires: Number(expires), signature: bytesToHex(signature) });
        return { token: '00'.repeat(32), heartbeatSeconds: 1, maxChunkBytes: 512 * 1024 };
      }),
      Logout: said('Logout', () => ({})),
    });
    this.server.addService(wire.TaskService.service, {
      Watch: (call: ServerWritableStream<unknown, TaskEvent>) => {
        calls.push('Watch');
        this.watch.resolve(call);
      },
      Heartbeat: said('Heartbeat', () => ({ cancelled: [] })),
      Refuse: said('Refuse', ({ id, code, message }: Refusal & { id: string }) => {
        this.refusals.get(id)?.({ code, message });
        return {};
      }),
    });
    this.server.addService(wire.TransferService.service, {
      Download: (call: ServerWritableStream<{ digest: Buffer }, object>) => {
        calls.push('Download');
        const data = this.files.get(digest(bytesToHex(call.request.digest))) ?? new Uint8Array();
        call.write({ data: Buffer.from(data), offset: 0, length: data.byteLength });
        call.end();
      },
      UploadState: said('UploadState', () => ({ received: 0, receipt: Buffer.alloc(0) })),
      Upload: async (call: AsyncIterable<UploadRequest__Output>, reply: sendUnaryData<object>) => {
        calls.push('Upload');
        reply(null, { receipt: Buffer.from(this.receipt(await this.take(call))) });
      },
    });
  }

  /** Proves itself over the worker's nonce, as the real one does. */
  private hello({ key, nonce }: HelloRequest__Output) {
    const { account, privateKey, domain } = this.options;
    this.greeted = address(key);
    const expires = Math.floor(Date.now() / 1000) + 60;
    const login = { from: addressOf(privateKey), to: this.greeted, nonce: digest(bytesToHex(nonce)), expires };
    return {
      version: '1',
      software: 'rogue',
      capabilities: ['train'],
      coordinator: account,
      key: login.from,
      nonce: Buffer.from(this.nonce),
      signature: toWire(sign(privateKey, domain, 'Login', login)),
      expires,
    };
  }

  private async take(parts: AsyncIterable<UploadRequest__Output>): Promise<Sent> {
    let statement: Uint8Array = new Uint8Array();
    const chunks: Buffer[] = [];
    for await (const { begin, chunk } of parts) {
      if (begin) statement = new Uint8Array(begin.statement);
      if (chunk) chunks.push(chunk.data);
    }
    const sent = { statement: decodeStatement(statement), update: sha256(Buffer.concat(chunks)) };
    this.uploads.push(sent);
    return sent;
  }
}
