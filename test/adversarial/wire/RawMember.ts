import { randomBytes } from 'node:crypto';
import { sign } from '../../../core/statements/sign.ts';
import type { Domain } from '../../../core/statements/types.ts';
import { type Address, bytesToHex, digest } from '../../../core/values.ts';
import { toWire } from '../../../proto/wireValues.ts';
import type { Member, SentUpdate, TestConsortium } from '../../support/testConsortium.ts';
import { fieldsOf, message } from './protobuf.ts';
import { frame, type RawAnswer, type RawCall, type RawClient } from './RawClient.ts';

/** What one of the calls of an upload is to carry, if not the update as it is. */
export interface Deviation {
  readonly task?: string;
  readonly length?: number | bigint;
  readonly offset?: number | bigint;
}

const HELLO = 'SessionService/Hello';
const LOGIN = 'SessionService/Login';

/** A member that speaks by hand: its messages are made of fields, and sent as frames. */
export class RawMember {
  readonly client: RawClient;
  readonly member: Member;
  private readonly consortium: TestConsortium;

  constructor(client: RawClient, member: Member, consortium: TestConsortium) {
    this.client = client;
    this.member = member;
    this.consortium = consortium;
  }

  hello(): Promise<RawAnswer> {
    const { slot, address } = this.member;
    const request = message([1, '1'], [2, 'by hand'], [3, 'train'], [4, slot], [5, address], [6, randomBytes(32)]);
    return this.client.unary(HELLO, request);
  }

  /** The request that answers a Hello, signed for `domain` and `to`. */
  async loginRequest({ domain = this.consortium.domain, to = this.consortium.coordinator.address } = {}) {
    const [answer] = (await this.hello()).messages;
    const fields = fieldsOf(answer ?? Buffer.alloc(0));
    return this.signedLogin(fields.get(6) as Buffer, Number(fields.get(8)), domain, to);
  }

  login(request: Uint8Array): Promise<RawAnswer> {
    return this.client.unary(LOGIN, request);
  }

  /** @returns the session's token */
  async logIn(): Promise<string> {
    const { messages, text } = await this.login(await this.loginRequest());
    const [answer] = messages;
    if (answer === undefined) throw new Error(`no login: ${text}`);
    return String(fieldsOf(answer).get(1));
  }

  /** Sends an update, well-formed and in order, and says how that ended. */
  async upload(token: string, sent: SentUpdate, deviation: Deviation = {}, chunkBytes = 50): Promise<RawAnswer> {
    const call = this.client.call('TransferService/Upload', token);
    await call.send(frame(this.begin(sent, deviation)));
    const from = Number(deviation.offset ?? 0);
    await sendChunks(call, sent.file, from, sent.file.length, chunkBytes);
    call.end();
    return await call.over;
  }

  begin({ statement, report, file }: SentUpdate, { task, length, offset }: Deviation = {}): Buffer {
    const { task: own } = this.member;
    const begin = message([1, task ?? own], [2, statement], [3, report], [4, length ?? file.length], [5, offset ?? 0]);
    return message([1, begin]);
  }

  /** How many bytes of an update are held. */
  async held(token: string, { update }: SentUpdate): Promise<number> {
    const request = message([1, this.member.task], [2, toWire(update)]);
    const [answer] = (await this.client.unary('TransferService/UploadState', request, token)).messages;
    return Number(fieldsOf(answer ?? Buffer.alloc(0)).get(1) ?? 0);
  }

  private signedLogin(nonce: Buffer, expires: number, domain: Domain, to: Address): Buffer {
    const login = { from: this.member.address, to, nonce: digest(bytesToHex(nonce)), expires };
    const signature = sign(this.member.key, domain, 'Login', login);
    return message([1, nonce], [2, expires], [3, toWire(signature)]);
  }
}

export function chunk(data: Uint8Array, offset: number | bigint): Buffer {
  return message([2, message([1, data], [2, offset])]);
}

export async function sendChunks(call: RawCall, file: Uint8Array, from: number, to: number, size = 50): Promise<void> {
  for (let at = from; at < to; at += size)
    await call.send(frame(chunk(file.subarray(at, Math.min(at + size, to)), at)));
}
