import { type Migration, Migrator } from 'kysely/migration';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Database } from './connect.ts';
import * as initial from './migrations/0001_initial.ts';
import * as awaited from './migrations/0002_awaited.ts';
import * as transactions from './migrations/0003_transactions.ts';
import * as documents from './migrations/0004_documents.ts';

/** Every migration there ever was, in order; one that has been released is never edited. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_initial': initial,
  '0002_awaited': awaited,
  '0003_transactions': transactions,
  '0004_documents': documents,
};

/**
 * Brings the database to this code's schema. Several processes may do so at once: PostgreSQL's advisory lock (Kysely's
 * migrator takes it) lets one go first, and the others find nothing to do.
 *
 * @returns names of the migrations applied
 * @throws SyndicError STATE_CONFLICT when the database is newer than the code, DEPENDENCY_UNAVAILABLE when it fails
 */
export async function migrate(db: Database): Promise<string[]> {
  const migrator = makeMigrator(db);
  await refuseNewer(db);
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw failed('bringing the database to this version', error);
  return results.filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName);
}

/**
 * Whether the schema is exactly this code's, for a process that must not change it.
 *
 * @throws SyndicError STATE_CONFLICT when it is older or newer
 */
export async function checkMigrated(db: Database): Promise<void> {
  const applied = await appliedMigrations(db);
  refuseUnknown(applied);
  const missing = Object.keys(MIGRATIONS).filter((name) => !applied.includes(name));
  if (missing.length > 0) {
    throw new SyndicError(
      'STATE_CONFLICT',
      `the database lacks migrations ${missing.join(', ')}: run \`syndic coordinator migrate\` first`,
      { missing },
    );
  }
}

async function refuseNewer(db: Database): Promise<void> {
  refuseUnknown(await appliedMigrations(db));
}

function refuseUnknown(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !Object.hasOwn(MIGRATIONS, name));
  if (unknown.length === 0) return;
  throw new SyndicError(
    'STATE_CONFLICT',
    `the database was migrated by a newer version (${unknown.join(', ')}): run that version or a later one`,
    { unknown },
  );
}

/** Read without the migrator, which would make its tables: a check changes nothing. */
async function appliedMigrations(db: Database): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true }).catch((error: unknown) => {
    throw failed('reading the database', error);
  });
  if (!tables.some(({ name }) => name === TABLE)) return [];
  const rows = await db.withTables<{ [TABLE]: { name: string } }>().selectFrom(TABLE).select('name').execute();
  return rows.map(({ name }) => name);
}

const TABLE = 'kysely_migration';

function makeMigrator(db: Database): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableName: TABLE,
    nameComparator: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  });
}

function failed(doing: string, cause: unknown): SyndicError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new SyndicError('DEPENDENCY_UNAVAILABLE', `${doing} failed: ${message}`, {}, { cause });
}
