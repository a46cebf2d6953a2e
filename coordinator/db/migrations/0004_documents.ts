import { type Kysely, sql } from 'kysely';

/** Members fetch every document that a manifest names: each is looked for by its digest. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ['statement', 'receipt', 'report']) {
    await sql.raw(`CREATE INDEX tasks_${column} ON tasks (${column}) WHERE ${column} IS NOT NULL`).execute(db);
  }
  await sql.raw('CREATE INDEX rounds_manifest ON rounds (manifest) WHERE manifest IS NOT NULL').execute(db);
}
