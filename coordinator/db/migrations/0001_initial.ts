import { type Kysely, sql } from 'kysely';

/** The tables of `schema.ts`. Spelled as SQL: what is promised (keys, checks, triggers) is then all in sight. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const DIGEST = `'^0x[0-9a-f]{64}$'`;
const ADDRESS = `'^0x[0-9a-f]{40}$'`;

const STATEMENTS = [
  `CREATE TABLE studies (
    id text PRIMARY KEY CHECK (id ~ ${DIGEST}),
    plan text NOT NULL CHECK (plan ~ ${DIGEST}),
    name text NOT NULL,
    initial_model text NOT NULL CHECK (initial_model ~ ${DIGEST}),
    model text NOT NULL CHECK (model ~ ${DIGEST}),
    operator text NOT NULL CHECK (operator ~ ${ADDRESS}),
    coordinator text NOT NULL CHECK (coordinator ~ ${ADDRESS}),
    min_included integer NOT NULL CHECK (min_included >= 2),
    salt text NOT NULL CHECK (salt ~ ${DIGEST}),
    state text NOT NULL CHECK (state IN ('opening', 'open', 'starting', 'running', 'closing', 'closed')),
    paused boolean NOT NULL DEFAULT false,
    abort_reason text,
    start_ordered_by text,
    outcome integer CHECK (outcome IN (1, 2, 3)),
    opened_at bigint NOT NULL,
    CHECK ((outcome IS NOT NULL) = (state IN ('closing', 'closed')))
  )`,
  `CREATE INDEX studies_unfinished ON studies (id) WHERE state <> 'closed'`,

  `CREATE TABLE rounds (
    study text NOT NULL REFERENCES studies (id),
    round bigint NOT NULL CHECK (round BETWEEN 1 AND 4294967295),
    state text NOT NULL CHECK (state IN ('open', 'collecting', 'closed', 'aggregated', 'recorded', 'anchored')),
    base_model text NOT NULL CHECK (base_model ~ ${DIGEST}),
    opened bigint NOT NULL,
    deadline bigint NOT NULL CHECK (deadline >= opened),
    record_by bigint NOT NULL CHECK (record_by >= deadline),
    closed bigint,
    outcome integer CHECK (outcome IN (1, 2, 3)),
    global_model text,
    manifest text,
    transaction text,
    block bigint,
    PRIMARY KEY (study, round),
    CHECK ((closed IS NOT NULL) = (state NOT IN ('open', 'collecting'))),
    CHECK (state NOT IN ('aggregated', 'recorded', 'anchored')
      OR (outcome IS NOT NULL AND global_model IS NOT NULL AND manifest IS NOT NULL))
  )`,
  // One round of a study is under way at a time: the ledger has it so, too.
  `CREATE UNIQUE INDEX rounds_under_way ON rounds (study) WHERE state <> 'anchored'`,

  `CREATE TABLE tasks (
    id text PRIMARY KEY,
    study text NOT NULL,
    round bigint NOT NULL,
    slot integer NOT NULL CHECK (slot BETWEEN 1 AND 65535),
    kind text NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'leased', 'accepted', 'refused', 'cancelled', 'expired')),
    lease_until bigint,
    phase text,
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    update text,
    samples bigint,
    statement text,
    report text,
    receipt text,
    metrics jsonb,
    refusal_code text,
    refusal_message text,
    UNIQUE (study, round, slot, kind),
    FOREIGN KEY (study, round) REFERENCES rounds (study, round),
    CHECK (state <> 'leased' OR lease_until IS NOT NULL),
    CHECK (state <> 'accepted' OR (update IS NOT NULL AND samples IS NOT NULL AND statement IS NOT NULL
      AND report IS NOT NULL AND receipt IS NOT NULL))
  )`,
  `CREATE INDEX tasks_at_work ON tasks (slot) WHERE state IN ('offered', 'leased')`,

  `CREATE TABLE uploads (
    task text NOT NULL REFERENCES tasks (id),
    update text NOT NULL CHECK (update ~ ${DIGEST}),
    partial text NOT NULL UNIQUE,
    length bigint NOT NULL CHECK (length > 0),
    statement text NOT NULL,
    report text NOT NULL,
    state text NOT NULL CHECK (state IN ('receiving', 'stored', 'accepted')),
    touched bigint NOT NULL,
    PRIMARY KEY (task, update)
  )`,
  // The first update accepted for a task is final.
  `CREATE UNIQUE INDEX uploads_accepted ON uploads (task) WHERE state = 'accepted'`,

  `CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    study text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('open', 'start', 'record', 'note', 'close')),
    round bigint NOT NULL CHECK (round >= 0),
    calldata text NOT NULL CHECK (calldata ~ '^0x[0-9a-f]+$'),
    state text NOT NULL CHECK (state IN ('pending', 'signed', 'sent', 'mined', 'final', 'refused')),
    signer text,
    nonce bigint,
    raw text,
    transaction text,
    block bigint,
    block_hash text,
    error jsonb,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    UNIQUE (study, kind, round)
  )`,
  `CREATE UNIQUE INDEX outbox_nonce ON outbox (signer, nonce) WHERE state IN ('signed', 'sent', 'mined', 'final')`,
  `CREATE INDEX outbox_unfinished ON outbox (id) WHERE state NOT IN ('final', 'refused')`,

  `CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    study text,
    round bigint,
    slot integer,
    type text NOT NULL,
    data jsonb NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id()
  )`,
  `CREATE INDEX events_of_study ON events (study, id)`,
  `CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$`,
  `CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()`,

  `CREATE TABLE sessions (
    token_hash text PRIMARY KEY,
    role text NOT NULL CHECK (role IN ('worker', 'operator', 'member', 'auditor')),
    slot integer,
    key text NOT NULL,
    expires bigint NOT NULL,
    capabilities jsonb
  )`,
  `CREATE INDEX sessions_expires ON sessions (expires)`,
  `CREATE TABLE nonces (
    nonce text PRIMARY KEY,
    key text NOT NULL,
    slot integer,
    capabilities jsonb,
    expires bigint NOT NULL
  )`,
  `CREATE INDEX nonces_expires ON nonces (expires)`,

  `CREATE TABLE chain_blocks (
    number bigint PRIMARY KEY,
    hash text NOT NULL CHECK (hash ~ ${DIGEST}),
    timestamp bigint NOT NULL
  )`,
  `CREATE TABLE chain_logs (
    block bigint NOT NULL,
    log_index integer NOT NULL,
    transaction text NOT NULL,
    address text NOT NULL,
    topics text[] NOT NULL,
    data text NOT NULL,
    gas_used bigint NOT NULL,
    PRIMARY KEY (block, log_index)
  )`,
  `CREATE INDEX chain_logs_topics ON chain_logs USING gin (topics)`,
];
