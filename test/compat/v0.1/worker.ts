import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { verifyTypedData, Wallet } from 'ethers';

// A worker as version 0.1 speaks, frozen: it has this folder's descriptors, its own spelling of every format, and
// imports nothing of the project. It trains nothing: it adds a constant. Never edit it; a coordinator that it cannot
// work with breaks hospitals that have not upgraded yet.

export interface FrozenWorkerOptions {
  /** `host:port`. */
  readonly target: string;
  /** The coordinator's certificate, PEM. */
  readonly certificate: string;
  readonly domain: { readonly chainId: bigint; readonly ledger: string };
  /** The key with which the coordinator's account acts. */
  readonly coordinatorKey: string;
  readonly slot: number;
  /** Worker key, 0x-hex. */
  readonly key: string;
  /** Root of the dataset version that statements name. */
  readonly dataset: string;
  readonly samples: number;
}

// biome-ignore lint/suspicious/noExplicitAny: what the descriptors make of a message is known to them alone
type Message = any;

const TYPES = {
  Login: fields('address from,address to,bytes32 nonce,uint64 expires'),
  Update: fields(
    'bytes32 study,uint32 round,uint16 slot,bytes32 plan,bytes32 baseModel,bytes32 update,uint64 samples,bytes32 dataset,bytes32 report',
  ),
  Receipt: fields(
    'bytes32 statement,bytes32 study,uint32 round,uint16 slot,bytes32 baseModel,bytes32 update,uint64 samples,uint64 recordBy',
  ),
};

/** Works on every task until `signal` aborts. @returns the rounds for which it holds a receipt */
export async function runFrozenWorker(options: FrozenWorkerOptions, signal: AbortSignal): Promise<number[]> {
  const wire = descriptors();
  const credentials = grpc.credentials.createSsl(Buffer.from(options.certificate));
  const named = { 'grpc.ssl_target_name_override': 'coordinator.example' };
  const clients = ['SessionService', 'TaskService', 'TransferService'].map(
    (name) => new wire[name](options.target, credentials, named),
  );
  const [session, tasks, transfer] = clients;
  try {
    const metadata = await logIn(session, options);
    const rounds: number[] = [];
    const events = tasks.watch({}, metadata);
    signal.addEventListener('abort', () => events.cancel());
    try {
      for await (const { offered } of events) {
        if (!offered) continue;
        await doTask({ tasks, transfer, metadata }, options, offered);
        rounds.push(offered.round);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await unary(session, 'logout', {}, metadata);
    return rounds;
  } finally {
    for (const client of clients) client.close();
  }
}

function descriptors(): Message {
  const loaded = loadSync(
    ['session', 'tasks', 'transfer'].map((name) => `syndic/v1/${name}.proto`),
    { longs: String, enums: String, oneofs: true, defaults: true, includeDirs: [join(import.meta.dirname, 'proto')] },
  );
  return (grpc.loadPackageDefinition(loaded) as Message).syndic.v1;
}

async function logIn(session: Message, options: FrozenWorkerOptions): Promise<grpc.Metadata> {
  const wallet = new Wallet(options.key);
  const me = wallet.address.toLowerCase();
  const nonce = randomBytes(32);
  const said = { versions: ['1'], software: 'syndic/0.1.0', capabilities: ['train'], slot: options.slot, key: me };
  const hello = await unary(session, 'hello', { ...said, nonce });
  if (hello.version !== '1' || hello.key !== options.coordinatorKey) throw new Error('another coordinator answered');
  const theirs = { from: hello.key, to: me, nonce: hex(nonce), expires: hello.expires };
  if (signerOf(options, 'Login', theirs, hex(hello.signature)) !== hello.key) throw new Error('its signature is wrong');
  const mine = { from: me, to: hello.key, nonce: hex(hello.nonce), expires: hello.expires };
  const signature = bytes(await wallet.signTypedData(domainOf(options), { Login: TYPES.Login }, mine));
  const { token } = await unary(session, 'login', { nonce: hello.nonce, expires: hello.expires, signature });
  const metadata = new grpc.Metadata();
  metadata.set('syndic-session', token);
  return metadata;
}

interface Line {
  readonly tasks: Message;
  readonly transfer: Message;
  readonly metadata: grpc.Metadata;
}

async function doTask({ tasks, transfer, metadata }: Line, options: FrozenWorkerOptions, task: Message): Promise<void> {
  if (task.kind !== 'train') {
    const refusal = { id: task.id, code: 'TASK_KIND_UNKNOWN', message: 'this worker trains, and nothing else' };
    await unary(tasks, 'refuse', refusal, metadata);
    return;
  }
  const plan = JSON.parse((await download(transfer, metadata, task.plan)).toString('utf8'));
  if (Number(task.deadline) !== Number(task.opened) + plan.roundSeconds)
    throw new Error('the times are not the plan’s');
  const base = await download(transfer, metadata, task.baseModel);
  const working = { id: task.id, phase: 'training', done: 1, total: plan.training.localSteps };
  const { cancelled } = await unary(tasks, 'heartbeat', { tasks: [working] }, metadata);
  if (cancelled.length > 0) throw new Error(`cancelled: ${cancelled[0].reason}`);
  const update = updateOf(base, options.slot);
  const report = Buffer.from(JSON.stringify(reportOf(task)));
  const message = {
    baseModel: hex(task.baseModel),
    dataset: options.dataset,
    plan: hex(task.plan),
    report: sha256(report),
    round: task.round,
    samples: options.samples,
    slot: task.slot,
    study: hex(task.study),
    update: sha256(update),
  };
  const wallet = new Wallet(options.key);
  const signature = await wallet.signTypedData(domainOf(options), { Update: TYPES.Update }, message);
  const statement = Buffer.from(JSON.stringify({ message, signature }));
  const state = await unary(transfer, 'uploadState', { task: task.id, update: bytes(message.update) }, metadata);
  if (state.received !== '0') throw new Error('bytes are held that were never sent');
  const begin = { task: task.id, statement, report, length: update.length, offset: 0 };
  const receipt = JSON.parse((await upload(transfer, metadata, begin, update)).toString('utf8'));
  const { study, round, slot, baseModel, samples } = message;
  const wanted = { study, round, slot, baseModel, samples, update: message.update, recordBy: Number(task.recordBy) };
  for (const [name, value] of Object.entries(wanted)) {
    if (receipt.message[name] !== value) throw new Error(`the receipt says ${name} ${receipt.message[name]}`);
  }
  const signer = signerOf(options, 'Receipt', receipt.message, receipt.signature);
  if (signer !== options.coordinatorKey) throw new Error(`the receipt is signed by ${signer}`);
}

async function download(transfer: Message, metadata: grpc.Metadata, digest: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const { data } of transfer.download({ digest, offset: 0 }, metadata)) chunks.push(data);
  const whole = Buffer.concat(chunks);
  if (sha256(whole) !== hex(digest)) throw new Error(`${hex(digest)} came as other bytes`);
  return whole;
}

/** In two chunks, the first of one byte: offsets count. */
function upload(transfer: Message, metadata: grpc.Metadata, begin: object, update: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const call = transfer.upload(metadata, (error: Error | null, answer: Message) => {
      if (error === null) resolve(answer.receipt);
      else reject(error);
    });
    call.on('error', () => undefined);
    call.write({ begin });
    call.write({ chunk: { data: update.subarray(0, 1), offset: 0 } });
    call.write({ chunk: { data: update.subarray(1), offset: 1 } });
    call.end();
  });
}

/** A file of the base's tensors, every value `constant`, with a salt. */
function updateOf(base: Buffer, constant: number): Buffer {
  const headerLength = Number(base.readBigUInt64LE(0));
  const tensors = JSON.parse(base.subarray(8, 8 + headerLength).toString('utf8'));
  const json = JSON.stringify({ __metadata__: { salt: hex(randomBytes(32)) }, ...tensors });
  const padded = json.padEnd(Math.ceil(json.length / 8) * 8, ' ');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const data = Buffer.alloc(base.length - 8 - headerLength);
  for (let at = 0; at < data.length; at += 4) data.writeFloatLE(constant, at);
  return Buffer.concat([length, Buffer.from(padded), data]);
}

/** Keys in RFC 8785 order. */
function reportOf(task: Message): object {
  const none = { reason: 'minCell', value: null };
  const set = { accuracy: none, auroc: none, loss: { value: 0.5 }, negatives: none, positives: none, rows: none };
  return {
    metrics: { after: set, before: set },
    round: task.round,
    runtime: { backend: 'none', library: 'none', platform: 'linux-x64', threads: 1 },
    salt: hex(randomBytes(32)),
    schema: 'syndic.report/1',
    slot: task.slot,
    steps: 1,
    study: hex(task.study),
  };
}

function unary(client: Message, method: string, request: object, metadata = new grpc.Metadata()): Promise<Message> {
  return new Promise((resolve, reject) => {
    client[method](request, metadata, (error: Error | null, answer: Message) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}

function domainOf({ domain }: FrozenWorkerOptions) {
  return { name: 'Syndic', version: '1', chainId: domain.chainId, verifyingContract: domain.ledger };
}

function signerOf(options: FrozenWorkerOptions, type: keyof typeof TYPES, message: object, signature: string): string {
  return verifyTypedData(domainOf(options), { [type]: TYPES[type] }, message, signature).toLowerCase();
}

function fields(spelled: string): { type: string; name: string }[] {
  return spelled.split(',').map((field) => {
    const [type = '', name = ''] = field.split(' ');
    return { type, name };
  });
}

function sha256(data: Uint8Array): string {
  return hex(createHash('sha256').update(data).digest());
}

function hex(data: Uint8Array): string {
  return `0x${Buffer.from(data).toString('hex')}`;
}

function bytes(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex');
}
