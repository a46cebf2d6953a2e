import { type Kysely, sql } from 'kysely';

/**
 * Signed bytes get a table of their own: one transaction may carry several messages, and one nonce may have been
 * offered more than once. Members' verdicts, relayed, are messages as well.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE transactions (
    hash text PRIMARY KEY CHECK (hash ~ '^0x[0-9a-f]{64}$'),
    signer text NOT NULL,
    nonce bigint NOT NULL,
    raw text NOT NULL,
    offered bigint NOT NULL,
    serial bigint GENERATED ALWAYS AS IDENTITY
  )`,
  'CREATE INDEX transactions_nonce ON transactions (signer, nonce)',
  `INSERT INTO transactions (hash, signer, nonce, raw, offered)
    SELECT transaction, signer, nonce, raw, 0 FROM outbox WHERE raw IS NOT NULL ORDER BY id`,
  'DROP INDEX outbox_nonce',
  'ALTER TABLE outbox DROP COLUMN raw',
  'ALTER TABLE outbox ADD COLUMN slot integer NOT NULL DEFAULT 0 CHECK (slot BETWEEN 0 AND 65535)',
  'ALTER TABLE outbox DROP CONSTRAINT outbox_study_kind_round_key',
  'ALTER TABLE outbox ADD CONSTRAINT outbox_name UNIQUE (study, kind, round, slot)',
  'ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check',
  `ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check
    CHECK (kind IN ('open', 'start', 'record', 'note', 'close', 'attest', 'dispute'))`,
];
