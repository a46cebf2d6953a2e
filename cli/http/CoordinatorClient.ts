import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { StudyDetail, StudyEvent, StudySummary } from '../../coordinator/studies/port.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { digestSchema } from '../../core/schemas.ts';
import type { Address, Digest, Signature, StudyId } from '../../core/values.ts';
import { type Connection, readConnection } from './Connection.ts';
import { type LoggedIn, logIn, openCallerKey } from './logIn.ts';
import { type Call, send, sendJson } from './send.ts';

const API = '/api/v1';
const idSchema = z.object({ id: digestSchema });

/** A study order as it is sent: `OpenOrder` without the operator, whom the session names. */
export interface Order {
  readonly plan: Uint8Array;
  readonly initialModel: Digest;
  readonly coordinator: Address;
  readonly minIncluded: number;
  readonly salt: Digest;
  readonly signature: Signature;
}

/** The coordinator's HTTP interface within one session, which is renewed when it ends. */
export class CoordinatorClient {
  readonly connection: Connection;
  #session: LoggedIn;

  private constructor(connection: Connection, session: LoggedIn) {
    this.connection = connection;
    this.#session = session;
  }

  /** Logs in with what the command's options or its profile say. */
  static async logIn(flags: Readonly<Record<string, unknown>>): Promise<CoordinatorClient> {
    const connection = await readConnection(flags);
    return new CoordinatorClient(connection, await logIn(connection, await openCallerKey(connection)));
  }

  get session(): LoggedIn {
    return this.#session;
  }

  async list(): Promise<StudySummary[]> {
    const schema = z.object({ studies: z.array(shapeOf<StudySummary>('id', 'name', 'state', 'plan')) });
    return (await this.#json({ method: 'GET', path: '/studies' }, schema)).studies;
  }

  async show(study: StudyId): Promise<StudyDetail> {
    const schema = shapeOf<StudyDetail>('id', 'name', 'state', 'model', 'attempts');
    return await this.#json({ method: 'GET', path: `/studies/${study}` }, schema);
  }

  /** Events after `after`; waits up to `wait` seconds (at most 25) when there are none. */
  async events(study: StudyId, after: number, wait: number): Promise<StudyEvent[]> {
    const schema = z.object({ events: z.array(shapeOf<StudyEvent>('id', 'at', 'type')) });
    const path = `/studies/${study}/events?after=${after}&wait=${wait}`;
    return (await this.#json({ method: 'GET', path }, schema)).events;
  }

  async open({ plan, ...order }: Order): Promise<StudyId> {
    const body = { ...order, plan: Buffer.from(plan).toString('base64') };
    return (await this.#json({ method: 'POST', path: '/studies', body }, idSchema)).id;
  }

  async act(study: StudyId, verb: 'start' | 'pause' | 'resume' | 'abort', body: object = {}): Promise<void> {
    await this.#json({ method: 'POST', path: `/studies/${study}/${verb}`, body }, idSchema);
  }

  /** A stored file's bytes, unchecked: the caller hashes them. */
  async file(of: Digest): Promise<IncomingMessage> {
    return await this.#within((token) => send(this.connection, { method: 'GET', path: `${API}/files/${of}`, token }));
  }

  /** Ends the session. That it failed is no reason for the command to fail: sessions end by themselves. */
  async logOut(): Promise<void> {
    const call = { method: 'POST', path: `${API}/logout`, token: this.#session.token } as const;
    await send(this.connection, call).then(
      (answer) => answer.resume(),
      () => undefined,
    );
  }

  async #json<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
    return await this.#within((token) =>
      sendJson(this.connection, { ...call, path: `${API}${call.path}`, token }, schema),
    );
  }

  /** Once more after a new login, when the session has ended meanwhile. */
  async #within<T>(action: (token: string) => Promise<T>): Promise<T> {
    try {
      return await action(this.#session.token);
    } catch (error) {
      if (!(error instanceof SyndicError) || error.code !== 'SESSION_EXPIRED') throw error;
      this.#session = await logIn(this.connection, this.#session.key);
      return await action(this.#session.token);
    }
  }
}

/** The coordinator's own types, which this does not spell out again: checked is that the fields used are there. */
function shapeOf<T extends object>(...fields: (keyof T & string)[]): z.ZodType<T> {
  return z.custom<T>(
    (value) => typeof value === 'object' && value !== null && fields.every((field) => field in value),
    `an object with ${fields.join(', ')} is wanted`,
  );
}

/** Runs `action` in a session and ends the session, whatever happens. */
export async function inSession<T>(
  flags: Readonly<Record<string, unknown>>,
  action: (client: CoordinatorClient) => Promise<T>,
): Promise<T> {
  const client = await CoordinatorClient.logIn(flags);
  try {
    return await action(client);
  } finally {
    await client.logOut();
  }
}
