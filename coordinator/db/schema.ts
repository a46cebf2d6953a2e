import type { ColumnType, Generated } from 'kysely';
import type { OutboxKind, OutboxState } from '../anchor/port.ts';

/**
 * Tables. Digests and addresses are lower-case 0x-hex text; times are Unix seconds (bigint columns, read as numbers:
 * see `connect.ts`). Documents and models are files of the model store, named here by digest.
 */
export interface Schema {
  studies: StudiesTable;
  rounds: RoundsTable;
  tasks: TasksTable;
  uploads: UploadsTable;
  awaited: AwaitedTable;
  outbox: OutboxTable;
  transactions: TransactionsTable;
  events: EventsTable;
  sessions: SessionsTable;
  nonces: NoncesTable;
  chain_blocks: ChainBlocksTable;
  chain_logs: ChainLogsTable;
}

/** opening: order relayed. open: on chain, waits for grants. starting, running, closing: as named. closed: over. */
export type StudyState = 'opening' | 'open' | 'starting' | 'running' | 'closing' | 'closed';
export type RoundState = 'open' | 'collecting' | 'closed' | 'aggregated' | 'recorded' | 'anchored';
/** offered: nobody works on it. leased: a session does. accepted: receipt issued. refused, cancelled, expired: over. */
export type TaskState = 'offered' | 'leased' | 'accepted' | 'refused' | 'cancelled' | 'expired';
/** receiving: bytes are coming. stored: update, statement and report durable. accepted: receipt signed and stored. */
export type UploadState = 'receiving' | 'stored' | 'accepted';

export interface StudiesTable {
  id: string;
  plan: string;
  name: string;
  initial_model: string;
  /** Base of the next round: global model of the newest anchored one. */
  model: string;
  operator: string;
  coordinator: string;
  min_included: number;
  salt: string;
  state: StudyState;
  paused: ColumnType<boolean, boolean | undefined, boolean>;
  /** Set by abort; the reason given. */
  abort_reason: string | null;
  /** Operator who ordered an early start. */
  start_ordered_by: string | null;
  /** 1 completed, 2 failed, 3 aborted; null while not closing. */
  outcome: number | null;
  opened_at: number;
}

export interface RoundsTable {
  study: string;
  round: number;
  state: RoundState;
  base_model: string;
  opened: number;
  deadline: number;
  record_by: number;
  closed: number | null;
  outcome: number | null;
  global_model: string | null;
  manifest: string | null;
  transaction: string | null;
  block: number | null;
}

export interface TasksTable {
  id: string;
  study: string;
  round: number;
  slot: number;
  kind: string;
  state: TaskState;
  lease_until: number | null;
  phase: string | null;
  done: ColumnType<number, number | undefined, number>;
  total: ColumnType<number, number | undefined, number>;
  update: string | null;
  samples: number | null;
  statement: string | null;
  report: string | null;
  receipt: string | null;
  /** Metrics of the accepted report, for people; the report is the record. */
  metrics: unknown | null;
  refusal_code: string | null;
  refusal_message: string | null;
}

export interface UploadsTable {
  task: string;
  update: string;
  /** Name of the partial file in the model store. */
  partial: string;
  length: number;
  statement: string;
  report: string;
  state: UploadState;
  touched: number;
}

/**
 * Members that may hold a receipt for a round which a recovered database does not know: the round waits until each has
 * said what it holds, or time is up.
 */
export interface AwaitedTable {
  study: string;
  round: number;
  slot: number;
  /** The member presented its receipt, and the store lacks this file: its bytes are waited for. */
  update: string | null;
  /** Set by the first coordinator that looks: who recovers may start one only hours later. */
  until: number | null;
}

export interface OutboxTable {
  id: Generated<number>;
  study: string;
  kind: OutboxKind;
  round: number;
  /** Whose verdict; 0 for what is no member's. */
  slot: ColumnType<number, number | undefined, number>;
  calldata: string;
  state: OutboxState;
  /** With the nonce, what names the transaction that carries the message; messages may share one. */
  signer: string | null;
  nonce: number | null;
  /** The newest offered for the nonce, or the one that is in a block. */
  transaction: string | null;
  block: number | null;
  block_hash: string | null;
  error: unknown | null;
  created: number;
  updated: number;
}

/** Everything that was ever signed for the chain: of one nonce, any may end up in a block. */
export interface TransactionsTable {
  hash: string;
  signer: string;
  nonce: number;
  raw: string;
  /** The newest block when it was signed. */
  offered: number;
  serial: Generated<number>;
}

export interface EventsTable {
  id: Generated<number>;
  at: number;
  study: string | null;
  round: number | null;
  slot: number | null;
  type: string;
  data: unknown;
}

/** Sessions of workers (role `worker`) and of people (role `operator`, `member`, `auditor`); only hashes of tokens. */
export interface SessionsTable {
  token_hash: string;
  role: 'worker' | 'operator' | 'member' | 'auditor';
  slot: number | null;
  key: string;
  expires: number;
  capabilities: unknown | null;
}

/** Login nonces that this coordinator sent and nobody used yet. */
export interface NoncesTable {
  nonce: string;
  key: string;
  slot: number | null;
  capabilities: unknown | null;
  expires: number;
}

export interface ChainBlocksTable {
  number: number;
  hash: string;
  timestamp: number;
}

export interface ChainLogsTable {
  block: number;
  log_index: number;
  transaction: string;
  address: string;
  topics: string[];
  data: string;
  /** Gas of the whole transaction, from its receipt. */
  gas_used: number;
}
