import {
  AbstractSigner,
  FetchRequest,
  type Provider,
  recoverAddress,
  Signature,
  Transaction,
  type TransactionRequest,
  type TypedDataDomain,
  TypedDataEncoder,
  type TypedDataField,
  toQuantity,
} from 'ethers';
import { z } from 'zod';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Address, address, type Digest, digest } from '../../core/values.ts';

export interface RemoteSignerOptions {
  /** JSON-RPC: `eth_accounts`, `eth_signTypedData_v4`, and `eth_signTransaction` or `eth_sendTransaction`. */
  readonly url: string;
  /** Left out: the only one that the signer has. */
  readonly account?: Address | undefined;
  /** Seconds for a person to look at a device and press its button. Default 300. */
  readonly patience?: number;
}

/** Seconds for an answer that nobody has to be asked for. */
const PROMPT = 10;
const PATIENCE = 300;

const answerSchema = z.union([
  z.object({ error: z.object({ code: z.number().optional(), message: z.string() }) }),
  z.object({ result: z.unknown() }),
]);
const accountsSchema = z.array(
  z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/)
    .transform(address),
);
const bytesSchema = z.string().regex(/^0x([0-9a-fA-F]{2})+$/);
/** go-ethereum and Clef answer with an object, others with the bytes alone. */
const rawSchema = z.union([bytesSchema, z.object({ raw: bytesSchema }).transform(({ raw }) => raw)]);
const hashSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform(digest);

/**
 * An account behind a JSON-RPC signer: Clef, Web3Signer, a bridge to a device, a node that holds the key. What it
 * returns is used only if it is this account's signature over what was asked.
 *
 * Its faults: SIGNER_UNAVAILABLE when it does not answer, or answers nonsense; SIGNER_REFUSED; SIGNATURE_INVALID when
 * it signed something else, or as somebody else.
 */
export class RemoteSigner extends AbstractSigner {
  readonly address: Address;
  readonly #line: Line;

  private constructor(line: Line, account: Address) {
    super();
    this.#line = line;
    this.address = account;
  }

  /** @throws SyndicError SIGNER_REFUSED when it does not have the account; USAGE when it has several and none is named */
  static async open({ url, account, patience = PATIENCE }: RemoteSignerOptions): Promise<RemoteSigner> {
    const line = new Line(url, patience);
    const accounts = await line.ask('eth_accounts', [], accountsSchema, PROMPT);
    const only = accounts.length === 1 ? accounts[0] : undefined;
    const chosen = account ?? only;
    if (chosen === undefined && accounts.length > 1) {
      throw new SyndicError('USAGE', `the signer at ${line.host} has several accounts: name one with --account`, {
        accounts,
      });
    }
    if (chosen !== undefined && accounts.includes(chosen)) return new RemoteSigner(line, chosen);
    throw new SyndicError(
      'SIGNER_REFUSED',
      `the signer at ${line.host} does not offer account ${chosen ?? ''}${accounts.length === 0 ? '; it offers none: unlock it' : `; it offers ${accounts.join(', ')}`}`,
      { accounts },
    );
  }

  override async getAddress(): Promise<string> {
    return this.address;
  }

  override connect(_provider: Provider | null): RemoteSigner {
    return this;
  }

  override async signMessage(): Promise<string> {
    throw new RangeError('nothing here is signed but typed data and transactions');
  }

  override async signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string> {
    const payload = JSON.stringify(TypedDataEncoder.getPayload(domain, types, value));
    const signature = await this.#line.ask('eth_signTypedData_v4', [this.address, payload], bytesSchema);
    return this.#own(TypedDataEncoder.hash(domain, types, value), signature);
  }

  override async signTransaction(request: TransactionRequest): Promise<string> {
    const raw = await this.#line.ask('eth_signTransaction', [this.#asRpc(request)], rawSchema);
    const signed = parseTransaction(raw);
    if (signed === null) throw this.#line.nonsense('eth_signTransaction');
    this.checkAsked(request, { ...signed.toJSON(), from: signed.from });
    return raw;
  }

  /** For signers that sign only what they send themselves. Whoever calls this looks at what the chain got. */
  async sendThere(request: TransactionRequest): Promise<Digest> {
    return await this.#line.ask('eth_sendTransaction', [this.#asRpc(request)], hashSchema);
  }

  /**
   * Fees are the signer's to change, as people do on their devices; nothing else is.
   *
   * @throws SyndicError SIGNATURE_INVALID
   */
  checkAsked(asked: TransactionRequest, got: AskedFields): void {
    const fields: readonly (readonly [name: string, asked: unknown, got: unknown])[] = [
      ['from', this.address, got.from],
      ['to', asked.to ?? null, got.to ?? null],
      ['data', asked.data, got.data],
      ['value', BigInt(asked.value ?? 0), BigInt(got.value ?? 0)],
      ['nonce', BigInt(asked.nonce ?? 0), BigInt(got.nonce ?? -1)],
      ['chainId', BigInt(asked.chainId ?? 0), BigInt(got.chainId ?? -1)],
    ];
    for (const [name, wanted, given] of fields) {
      if (String(wanted).toLowerCase() === String(given).toLowerCase()) continue;
      throw new SyndicError(
        'SIGNATURE_INVALID',
        `the signer at ${this.#line.host} signed another transaction than was asked: its ${name} is ${given}, not ${wanted}; do not use it`,
        { field: name },
      );
    }
  }

  /** r‖s‖v with v 27 or 28: devices return 0 or 1. */
  #own(hash: string, signature: string): string {
    try {
      const parsed = Signature.from(signature);
      if (address(recoverAddress(hash, parsed)) === this.address) return parsed.serialized;
    } catch {
      // What is no signature is nobody's.
    }
    throw new SyndicError(
      'SIGNATURE_INVALID',
      `what the signer at ${this.#line.host} returned is no signature of ${this.address} over this message: nothing was sent`,
      { account: this.address },
    );
  }

  #asRpc(request: TransactionRequest): Record<string, string> {
    const { to, data, chainId, nonce, gasLimit, value, gasPrice, maxFeePerGas, maxPriorityFeePerGas } = request;
    const numbers = { chainId, nonce, gas: gasLimit, value, gasPrice, maxFeePerGas, maxPriorityFeePerGas };
    const given = Object.entries(numbers).filter(([, number]) => number !== undefined && number !== null);
    return {
      from: this.address,
      ...(to === undefined || to === null ? {} : { to: String(to) }),
      data: String(data),
      ...Object.fromEntries(given.map(([name, number]) => [name, toQuantity(number ?? 0)])),
    };
  }
}

interface AskedFields {
  readonly from?: unknown;
  readonly to?: unknown;
  readonly data?: unknown;
  readonly value?: string | number | bigint | null;
  readonly nonce?: string | number | bigint | null;
  readonly chainId?: string | number | bigint | null;
}

/** Whether a signer has no such method, as opposed to refusing this one request. */
export function lacksMethod(thrown: unknown): boolean {
  return thrown instanceof SyndicError && thrown.code === 'SIGNER_REFUSED' && thrown.details.lacking === true;
}

/** JSON-RPC to a signer. */
class Line {
  readonly #url: string;
  readonly #patience: number;
  readonly host: string;

  constructor(url: string, patience: number) {
    if (!URL.canParse(url) || !/^https?:/.test(url)) {
      throw new SyndicError('USAGE', '--signer wants the http(s) URL of a JSON-RPC endpoint');
    }
    const { protocol, hostname, host } = new URL(url);
    // Who stands on the line could have something else signed, and keep it.
    if (protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)) {
      throw new SyndicError('USAGE', `${host} is plain HTTP to another machine: use https, or a tunnel to it`);
    }
    this.#url = url;
    this.#patience = patience;
    this.host = host;
  }

  async ask<T>(method: string, params: unknown[], schema: z.ZodType<T>, seconds = this.#patience): Promise<T> {
    const parsed = answerSchema.safeParse(await this.#post({ jsonrpc: '2.0', id: 1, method, params }, seconds));
    if (!parsed.success) throw this.nonsense(method);
    if ('error' in parsed.data) throw this.#refusal(method, parsed.data.error);
    const result = schema.safeParse(parsed.data.result);
    if (!result.success) throw this.nonsense(method);
    return result.data;
  }

  nonsense(method: string): SyndicError {
    return new SyndicError(
      'SIGNER_UNAVAILABLE',
      `the signer at ${this.host} gave a malformed answer to ${method}: check that it is one`,
      { method },
    );
  }

  async #post(body: object, seconds: number): Promise<unknown> {
    const request = new FetchRequest(this.#url);
    request.timeout = seconds * 1000;
    request.body = body;
    try {
      // A refusal may come with any HTTP status.
      const { bodyText } = await request.send();
      return JSON.parse(bodyText);
    } catch (cause) {
      if (cause instanceof SyntaxError) return null;
      throw new SyndicError(
        'SIGNER_UNAVAILABLE',
        `the signer at ${this.host} did not answer within ${seconds} s: check that it runs, is unlocked and can be reached`,
        {},
        { cause },
      );
    }
  }

  #refusal(method: string, { code, message }: { code?: number | undefined; message: string }): SyndicError {
    const lacking =
      code === -32_601 || code === -32_004 || /unsupported|not (supported|found|available)/i.test(message);
    return new SyndicError('SIGNER_REFUSED', `the signer at ${this.host} refused ${method}: ${message.slice(0, 500)}`, {
      method,
      lacking,
    });
  }
}

function parseTransaction(raw: string): Transaction | null {
  try {
    return Transaction.from(raw);
  } catch {
    return null;
  }
}
