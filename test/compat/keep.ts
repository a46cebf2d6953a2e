// `node test/compat/keep.ts v0.2`: keeps what the version that is checked out speaks and stores, for good: descriptors,
// vectors, and the database and store of a finished study and one that waits for two updates of its second round.
// The frozen worker is copied from the newest folder kept before; see test/compat/README.md for what to do with it.
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../coordinator/db/connect.ts';
import { migrate } from '../../coordinator/db/migrate.ts';
import type { StudyId } from '../../core/values.ts';
import { startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { CompatCoordinator, SLOTS } from './CompatCoordinator.ts';
import { dump } from './dump.ts';
import { startWorkers } from './startWorkers.ts';

const here = import.meta.dirname;
const version = process.argv[2] ?? '';
if (!/^v\d+\.\d+$/.test(version)) throw new Error('name the version to keep, as v0.2');
const into = join(here, version);
if (existsSync(join(into, 'database.sql'))) throw new Error(`${version} is kept already, for good`);
const kept = readdirSync(here).filter((name) => existsSync(join(here, name, 'worker.ts')));
const [newest] = kept.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
if (newest === undefined) throw new Error('no frozen worker to begin from');
mkdirSync(into, { recursive: true });
if (newest !== version) cpSync(join(here, newest, 'worker.ts'), join(into, 'worker.ts'));
cpSync(join(here, '../../proto/syndic'), join(into, 'proto/syndic'), { recursive: true });
mkdirSync(join(into, 'vectors'), { recursive: true });
const vectors = join(here, '../vectors');
for (const name of readdirSync(vectors).filter((file) => file.endsWith('.json'))) {
  cpSync(join(vectors, name), join(into, 'vectors', name));
}

const postgres = await startPostgres();
const url = await postgres.createDatabase();
const db = connect({ url });
await migrate(db);
const coordinator = await CompatCoordinator.start(db);
const { studies } = coordinator;
const workers = await startWorkers(version, coordinator, SLOTS);

const finished = await coordinator.run('f1');
for (const round of [1, 2]) {
  await accepted(finished, round, SLOTS.length);
  await coordinator.settle(finished);
}
const running = await coordinator.run('a2');
await accepted(running, 1, SLOTS.length);
const [first, ...others] = workers.each;
for (const worker of others) await worker.stop();
await coordinator.settle(running);
await accepted(running, 2, 1);
await first?.stop();

const shown = await Promise.all([finished, running].map((study) => studies.show(study)));
const files = Object.entries(await coordinator.files()).map(([name, bytes]) => [
  name,
  Buffer.from(bytes).toString('base64'),
]);
writeJson('studies.json', shown);
writeJson('files.json', Object.fromEntries(files));
writeFileSync(join(into, 'database.sql'), await dump(url));
await coordinator.close();
await db.destroy();
await postgres.stop();
process.exit();

async function accepted(study: StudyId, round: number, count: number): Promise<void> {
  await until(async () => {
    const shown = await studies.show(study);
    const tasks = shown.attempts.find((attempt) => attempt.round === round)?.tasks ?? [];
    return tasks.filter(({ state }) => state === 'accepted').length === count;
  }, 60);
}

function writeJson(name: string, value: unknown): void {
  writeFileSync(join(into, name), `${JSON.stringify(value, null, 2)}\n`);
}
