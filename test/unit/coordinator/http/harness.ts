import { randomBytes } from 'node:crypto';
import type { ChainGrant, Roles } from '../../../../coordinator/chain/port.ts';
import { connect, type Database } from '../../../../coordinator/db/connect.ts';
import { migrate } from '../../../../coordinator/db/migrate.ts';
import type { HttpModules, HttpOptions } from '../../../../coordinator/http/options.ts';
import { createHttp, type HttpServer } from '../../../../coordinator/http/server.ts';
import type { OpenOrder, StudyDetail, StudyEvent } from '../../../../coordinator/studies/port.ts';
import { SyndicError } from '../../../../core/errors/SyndicError.ts';
import { addressOf, sign } from '../../../../core/statements/sign.ts';
import { type Domain, domain } from '../../../../core/statements/types.ts';
import {
  type Address,
  address,
  bytesToHex,
  type Digest,
  digest,
  instant,
  type Slot,
  type StudyId,
} from '../../../../core/values.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';

const CONTRACTS = {
  consortium: address(`0x${'c0'.repeat(20)}`),
  dataUse: address(`0x${'d0'.repeat(20)}`),
  ledger: address(`0x${'1e'.repeat(20)}`),
};
export const DOMAIN = domain(31_337, CONTRACTS.ledger);

/** A fresh key and its address. */
export interface Person {
  readonly key: `0x${string}`;
  readonly address: Address;
}

export function person(): Person {
  const key = bytesToHex(randomBytes(32));
  return { key, address: addressOf(key) };
}

export function someDigest(): Digest {
  return digest(bytesToHex(randomBytes(32)));
}

/** The HTTP server on a real PostgreSQL; chain, studies and store are what the test writes into the maps. */
export class Harness {
  readonly coordinator = person();
  readonly coordinatorAccount = person().address;
  readonly roles = new Map<Address, Roles>();
  /** `study/slot`. */
  readonly grants = new Set<string>();
  readonly files = new Map<Digest, Uint8Array>();
  readonly orders: OpenOrder[] = [];
  readonly acts: string[] = [];
  /** What `show` and `list` answer; a study that is not here is made up by `show`. */
  readonly shown = new Map<StudyId, StudyDetail>();
  /** What `open` answers. */
  opened: StudyId = someDigest();
  readonly happened: StudyEvent[] = [];
  readonly logged: { level: string; facts: object; message: string }[] = [];
  checks: Record<string, boolean> = { database: true, chain: true };
  time = 1_800_000_000;
  readonly db: Database;
  readonly #postgres: TestPostgres;
  #server: HttpServer | null = null;

  private constructor(postgres: TestPostgres, db: Database) {
    this.#postgres = postgres;
    this.db = db;
  }

  static async start(): Promise<Harness> {
    const postgres = await startPostgres();
    const db = connect({ url: await postgres.createDatabase() });
    await migrate(db);
    const harness = new Harness(postgres, db);
    harness.#server = await createHttp(harness.options(), harness.modules());
    return harness;
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    await this.db.destroy();
    await this.#postgres.stop();
  }

  get url(): string {
    if (this.#server === null) throw new Error('the server is not started');
    return this.#server.url;
  }

  closeServer(): Promise<void> {
    return this.#server?.close() ?? Promise.resolve();
  }

  options(): HttpOptions {
    return {
      host: '127.0.0.1',
      port: 0,
      coordinatorAccount: this.coordinatorAccount,
      privateKey: this.coordinator.key,
      domain: DOMAIN,
      sessionSeconds: 600,
      info: { contracts: CONTRACTS, chainId: 31_337 },
      maxBodyBytes: 64 * 1024,
    };
  }

  modules(): HttpModules {
    const log = (level: string) => (facts: object, message: string) => {
      this.logged.push({ level, facts, message });
    };
    return {
      db: this.db,
      clock: { now: () => instant(this.time) },
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      ready: async () => this.checks,
      chain: {
        roles: async (who) => this.roles.get(who) ?? { operator: false, auditor: false, slot: null },
        grant: async (study, slot) => (this.grants.has(`${study}/${slot}`) ? someGrant() : null),
      },
      models: {
        size: async (of) => this.files.get(of)?.byteLength ?? null,
        open: (of) => this.#open(of),
      },
      studies: {
        open: async (order) => {
          this.orders.push(order);
          return this.opened;
        },
        start: async (study, by) => this.#act('start', study, by),
        pause: async (study, by) => this.#act('pause', study, by),
        resume: async (study, by) => this.#act('resume', study, by),
        abort: async (study, by, reason) => this.#act(`abort(${reason})`, study, by),
        list: async () => [...this.shown.values()],
        show: async (study) => this.shown.get(study) ?? detail(study),
        events: async (study, after, limit) =>
          this.happened.filter((event) => event.study === study && event.id > after).slice(0, limit),
      },
    };
  }

  async *#open(of: Digest): AsyncIterable<Uint8Array> {
    const bytes = this.files.get(of);
    if (bytes === undefined) throw new SyndicError('NOT_FOUND', 'no such file');
    yield bytes.subarray(0, 10);
    yield bytes.subarray(10);
  }

  #act(verb: string, study: StudyId, by: Address): void {
    this.acts.push(`${verb} ${study} ${by}`);
  }

  /** Puts a study into the database, as a file's meaning is looked up there. */
  async addStudy(): Promise<{ id: StudyId; plan: Digest; model: Digest }> {
    const [id, plan, model] = [someDigest(), someDigest(), someDigest()];
    const who = { operator: person().address, coordinator: this.coordinatorAccount };
    const row = { id, plan, name: 'test', initial_model: model, model, ...who, salt: someDigest() };
    const state = { state: 'running' as const, abort_reason: null, start_ordered_by: null, outcome: null };
    await this.db
      .insertInto('studies')
      .values({ ...row, ...state, min_included: 2, opened_at: this.time })
      .execute();
    return { id, plan, model };
  }

  /** A closed round with one member's accepted task. */
  async addRound(study: StudyId, base: Digest, slot: Slot, global = someDigest()): Promise<Record<string, Digest>> {
    const [manifest, update] = [someDigest(), someDigest()];
    const [statement, report, receipt] = [someDigest(), someDigest(), someDigest()];
    const times = { opened: this.time, deadline: this.time, record_by: this.time, closed: this.time };
    await this.db
      .insertInto('rounds')
      .values({
        study,
        round: 1,
        state: 'recorded',
        base_model: base,
        ...times,
        outcome: 1,
        global_model: global,
        manifest,
        transaction: null,
        block: null,
      })
      .execute();
    const ends = { lease_until: null, phase: null, metrics: null, refusal_code: null, refusal_message: null };
    await this.db
      .insertInto('tasks')
      .values({
        id: someDigest(),
        study,
        round: 1,
        slot,
        kind: 'train',
        state: 'accepted',
        ...ends,
        update,
        samples: 5,
        statement,
        report,
        receipt,
      })
      .execute();
    return { global, manifest, update, statement, report, receipt };
  }

  /** Sends JSON; answers with status, headers and the parsed body. */
  async send(method: string, path: string, { token, body }: { token?: string; body?: unknown } = {}) {
    const headers: Record<string, string> = {};
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await fetch(`${this.url}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  }

  async challenge(who: Person) {
    const nonce = someDigest();
    const answer = await this.send('POST', '/api/v1/login/challenge', { body: { address: who.address, nonce } });
    return { ...answer, sent: nonce };
  }

  /** The body of a right login, with what a test wants to be wrong. */
  async loginBody(who: Person, wrong: { domain?: Domain; signer?: Person; to?: Address } = {}) {
    const { body } = await this.challenge(who);
    const message = {
      from: who.address,
      to: wrong.to ?? this.coordinator.address,
      nonce: body.nonce,
      expires: body.expires,
    };
    const signature = sign((wrong.signer ?? who).key, wrong.domain ?? DOMAIN, 'Login', message);
    return { address: who.address, nonce: body.nonce, expires: body.expires, signature };
  }

  /** Logs in somebody with these roles; resolves to the token. */
  async login(roles: Partial<Roles>, who: Person = person()): Promise<string> {
    this.roles.set(who.address, { operator: false, auditor: false, slot: null, ...roles });
    const { status, body } = await this.send('POST', '/api/v1/login', { body: await this.loginBody(who) });
    if (status !== 200) throw new Error(`login failed: ${JSON.stringify(body)}`);
    return body.token;
  }
}

function someGrant(): ChainGrant {
  return { plan: someDigest(), dataset: someDigest(), grantedAt: instant(1), until: instant(2), revokedAt: null };
}

/** A running study of that id, everything else made up. */
export function detail(id: StudyId): StudyDetail {
  const [plan, initialModel] = [someDigest(), someDigest()];
  return {
    id,
    name: 'test',
    state: 'running',
    paused: false,
    plan,
    operator: person().address,
    completed: 0,
    rounds: 1,
    openedAt: instant(1),
    coordinator: person().address,
    minIncluded: 2,
    initialModel,
    model: initialModel,
    attempts: [],
  };
}
