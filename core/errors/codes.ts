import { status } from './grpcStatus.ts';

/** What a code means to a program: whether to try again, and how each boundary spells it. */
export interface ErrorKind {
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly grpc: number;
  readonly http: number;
  /** The exit code of `syndic`; one per class of error: see docs/errors.md. */
  readonly exit: number;
}

/** Exit codes by class. 0 is success, 1 an unforeseen fault (a bug), 2 wrong usage of the command line. */
export const EXIT = {
  OK: 0,
  INTERNAL: 1,
  USAGE: 2,
  INVALID: 3,
  DENIED: 4,
  NOT_FOUND: 5,
  CONFLICT: 6,
  UNAVAILABLE: 7,
  LIMIT: 8,
  UNTRUSTED: 9,
  FAILED: 10,
} as const;

const kind = (grpc: number, http: number, exit: number, retryable = false): ErrorKind => ({
  retryable,
  grpc,
  http,
  exit,
});
const invalid = kind(status.INVALID_ARGUMENT, 400, EXIT.INVALID);
const denied = kind(status.PERMISSION_DENIED, 403, EXIT.DENIED);
const unauthenticated = kind(status.UNAUTHENTICATED, 401, EXIT.DENIED);
const notFound = kind(status.NOT_FOUND, 404, EXIT.NOT_FOUND);
const conflict = kind(status.FAILED_PRECONDITION, 409, EXIT.CONFLICT);
const unavailable = kind(status.UNAVAILABLE, 503, EXIT.UNAVAILABLE, true);
const limit = kind(status.RESOURCE_EXHAUSTED, 413, EXIT.LIMIT);
const untrusted = kind(status.FAILED_PRECONDITION, 409, EXIT.UNTRUSTED);

/**
 * Every code that Syndic answers with. A code's name is for good: programs, dashboards and chain reasons rely on it.
 * Each has a line in docs/errors.md (a test holds the two together).
 */
export const codes = {
  /** A fault of ours. */
  INTERNAL: kind(status.INTERNAL, 500, EXIT.INTERNAL),
  /** A command line or request that does not parse. */
  USAGE: kind(status.INVALID_ARGUMENT, 400, EXIT.USAGE),
  /** A configuration value is missing or malformed. */
  CONFIG_INVALID: invalid,
  /** A plan has faults; all are listed, each with its path. */
  PLAN_INVALID: invalid,
  /** A document's bytes do not hash to the digest they were asked for by. */
  DIGEST_MISMATCH: untrusted,
  /** A safetensors file is malformed. */
  TENSORS_INVALID: invalid,
  /** Tensor names, shapes or dtypes are not the model's. */
  TENSORS_MISMATCH: invalid,
  /** NaN or infinity where finite numbers are required. */
  NOT_FINITE: invalid,
  /** A file made from a site's data lacks its 32-byte salt. */
  SALT_MISSING: invalid,
  /** A file is longer or shorter than the base says it must be. */
  LENGTH_MISMATCH: invalid,
  /** A document is malformed (a field is missing or of the wrong form). */
  DOCUMENT_INVALID: invalid,
  /** A signature does not recover to the expected key. */
  SIGNATURE_INVALID: unauthenticated,
  /** The key was never this member's, or is no longer valid. */
  KEY_INVALID: unauthenticated,
  /** The session is unknown or over: log in again. */
  SESSION_EXPIRED: kind(status.UNAUTHENTICATED, 401, EXIT.DENIED, true),
  /** The caller's role does not allow this. */
  FORBIDDEN: denied,
  /** The two sides speak different versions. */
  VERSION_UNSUPPORTED: conflict,
  /** The message is of another chain, ledger or study. */
  WRONG_STUDY: conflict,
  /** The plan is not the study's. */
  WRONG_PLAN: conflict,
  /** The statement names another slot than the session's. */
  WRONG_SLOT: denied,
  /** The base model is not the round's. */
  WRONG_BASE: conflict,
  /** The round is not open: past, future or unknown. */
  ROUND_NOT_OPEN: conflict,
  /** The round's deadline has passed. */
  DEADLINE_PASSED: conflict,
  /** The task is unknown, or leased to somebody else. */
  TASK_UNKNOWN: notFound,
  /** The worker does not know this kind of task. */
  TASK_KIND_UNKNOWN: conflict,
  /** A different update of this member was accepted for this round; the first is final. */
  UPDATE_CONFLICT: kind(status.ALREADY_EXISTS, 409, EXIT.CONFLICT),
  /** The record is another than the one that stands on chain. */
  WRONG_RECORD: conflict,
  /** Another verdict of this member about this record was given; the first counts. */
  VERDICT_CONFLICT: kind(status.ALREADY_EXISTS, 409, EXIT.CONFLICT),
  /** More samples are declared than the dataset's version or the plan allows. */
  SAMPLES_EXCEEDED: invalid,
  /** The dataset version is not on chain, or belongs to another member or dataset. */
  DATASET_UNKNOWN: conflict,
  /** No live grant of this member for this study. */
  GRANT_MISSING: denied,
  /** A chunk is out of order, overlaps or leaves a gap. */
  CHUNK_OUT_OF_ORDER: invalid,
  /** An upload stopped without ending; what came is held. */
  UPLOAD_STALLED: kind(status.DEADLINE_EXCEEDED, 408, EXIT.UNAVAILABLE, true),
  /** Something is larger than its limit. */
  TOO_LARGE: limit,
  /** The store is full (see --max-store). */
  STORE_FULL: kind(status.RESOURCE_EXHAUSTED, 507, EXIT.LIMIT, true),
  /** Too many sessions or requests at once. */
  TOO_MANY: kind(status.RESOURCE_EXHAUSTED, 429, EXIT.LIMIT, true),
  /** A thing was asked for by a name or digest that nothing here has. */
  NOT_FOUND: notFound,
  /** The state of the study or round does not allow this now. */
  STATE_CONFLICT: conflict,
  /** An aggregate came out as NaN or infinity; the round fails. */
  AGGREGATE_NOT_FINITE: conflict,
  /** The chain's node cannot be reached or answers wrongly. */
  CHAIN_UNAVAILABLE: unavailable,
  /** The node serves another chain than configured. */
  CHAIN_MISMATCH: untrusted,
  /** Nodes that a reader chose contradict each other about one block. */
  NODES_DISAGREE: untrusted,
  /** The contract refused the call; the message carries the contract's own error. */
  CHAIN_REVERTED: conflict,
  /** The chain says more than the database: the database was restored from an old copy. */
  CHAIN_AHEAD: conflict,
  /** The coordinator cannot be reached. */
  COORDINATOR_UNAVAILABLE: unavailable,
  /** The other end of the line is not the one that the invitation pins. */
  PIN_MISMATCH: untrusted,
  /** The coordinator's key is not the one that stands on chain. */
  COORDINATOR_UNTRUSTED: untrusted,
  /** The coordinator's receipt does not say what was sent. */
  RECEIPT_INVALID: untrusted,
  /** The chain does not keep what a coordinator's receipt promises. */
  RECEIPT_BROKEN: untrusted,
  /** A round's record or its documents do not say what they must; this site disputes it. */
  RECORD_DISPUTED: untrusted,
  /** The verifier found faults in a study's history; all are listed. */
  AUDIT_FAILED: untrusted,
  /** A server of artifacts does not answer, or not as it must. */
  ARTIFACTS_UNAVAILABLE: unavailable,
  /** A block's header is not of a shape whose hash is known: a field is missing, malformed or new. */
  HEADER_UNKNOWN: untrusted,
  /** Too few of the validators that are trusted have sealed a block. */
  SEALS_INSUFFICIENT: untrusted,
  /** A proof of what the chain's state holds does not lead from its root to an answer. */
  PROOF_INVALID: untrusted,
  /** This hospital's policy does not allow the plan. */
  POLICY_REFUSED: denied,
  /** The site's data does not fit the plan's schema. */
  DATA_INVALID: invalid,
  /** Local training failed. */
  TRAINING_FAILED: kind(status.INTERNAL, 500, EXIT.FAILED),
  /** No training backend can run this model here. */
  BACKEND_UNAVAILABLE: kind(status.FAILED_PRECONDITION, 500, EXIT.FAILED),
  /** A keystore cannot be opened (wrong passphrase or malformed file). */
  KEYSTORE_INVALID: unauthenticated,
  /** A JSON-RPC signer cannot be reached, or answers wrongly. */
  SIGNER_UNAVAILABLE: unavailable,
  /** A JSON-RPC signer does not have the account, or will not sign. */
  SIGNER_REFUSED: denied,
  /** The work was cancelled by whoever asked for it; nothing of it is kept. */
  CANCELLED: kind(status.CANCELLED, 499, EXIT.FAILED),
  /** A service that the process needs (database, queue, store) does not answer. */
  DEPENDENCY_UNAVAILABLE: unavailable,
  /** A study ended as failed or aborted, or a run did not do what it promised. */
  RUN_FAILED: kind(status.ABORTED, 500, EXIT.FAILED),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof codes;
