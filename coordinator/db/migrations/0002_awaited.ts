import { type Kysely, sql } from 'kysely';

/** What members may hold that a recovered database does not know: see `AwaitedTable` in `schema.ts`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `CREATE TABLE awaited (
        study text NOT NULL,
        round bigint NOT NULL,
        slot integer NOT NULL CHECK (slot BETWEEN 1 AND 65535),
        update text CHECK (update ~ '^0x[0-9a-f]{64}$'),
        until bigint,
        PRIMARY KEY (study, round, slot),
        FOREIGN KEY (study, round) REFERENCES rounds (study, round)
      )`,
    )
    .execute(db);
}
