import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

export interface Server {
  url(database: string): string;
  execute(sql: string): Promise<void>;
}

/** What the supervisor prints once the server answers. */
interface Address {
  readonly port: number;
  readonly password: string;
}

/**
 * Jest gives each test file its own module registry, so a file on disk, named after the process, is what the test
 * files of one Jest worker share.
 */
const note = join(tmpdir(), `syndic-test-postgres-${process.pid}.json`);

export async function serverOfThisProcess(): Promise<Server> {
  const known = noted();
  if (known !== null && (await answers(known))) return server(known);
  rmSync(note, { force: true });
  return server(await start());
}

function noted(): Address | null {
  try {
    return JSON.parse(readFileSync(note, 'utf8')) as Address;
  } catch {
    return null;
  }
}

async function answers(address: Address): Promise<boolean> {
  try {
    await server(address).execute('SELECT 1');
    return true;
  } catch {
    return false;
  }
}

function server({ port, password }: Address): Server {
  const url = (database: string) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;
  return {
    url,
    async execute(sql) {
      const client = new pg.Client({ connectionString: url('postgres') });
      await client.connect();
      try {
        await client.query(sql);
      } finally {
        await client.end();
      }
    },
  };
}

/** The supervisor lives until its standard input closes, which the end of this process does however it comes. */
async function start(): Promise<Address> {
  const supervisor = spawn(process.execPath, [join(import.meta.dirname, 'postgresSupervisor.ts'), note], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const address = await firstLine(supervisor);
  supervisor.unref();
  for (const stream of [supervisor.stdin, supervisor.stdout, supervisor.stderr]) {
    if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
  return JSON.parse(address) as Address;
}

function firstLine({ stdout, stderr }: Pick<ChildProcess, 'stdout' | 'stderr'>): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes('\n')) resolve(out);
    });
    stderr?.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    stdout?.on('close', () => reject(new Error(`PostgreSQL for tests did not start: ${err}`)));
  });
}
