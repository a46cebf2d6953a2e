import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { coordinatorVariables, readCoordinatorConfig } from '../../../coordinator/config.ts';
import { DEPLOYMENT_VARIABLES } from '../../../coordinator/deploymentFile.ts';
import { readWorkerConfig, workerVariables } from '../../../worker/config.ts';
import { needs } from '../../support/needs.ts';
import { mountsOf, ROOT, readComposeFile, type Service, servicesOf } from './composeFile.ts';
import { readStage } from './dockerfile.ts';

const PROFILES = [[], ['dev'], ['demo'], ['dev', 'demo']];
/** Without what is set where the tests run: Compose would fill it in. */
const environment = { PATH: process.env.PATH, HOME: process.env.HOME };
const compose = (...args: string[]) =>
  spawnSync('docker-compose', ['-f', join(ROOT, 'docker-compose.yml'), ...args], {
    encoding: 'utf8',
    env: environment,
  });
const hasCompose = compose('version').status === 0;

/** Set by deploy/lib.sh itself. */
const LIBRARYS_OWN = new Set(['SCRYPT_COST', 'NODE_URL']);

const file = readComposeFile();
const services = Object.entries(file.services);
const service = (name: string): Service => {
  const found = file.services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
};

needs('docker-compose', hasCompose)('docker-compose', () => {
  test.each(PROFILES.map((profiles) => [profiles.join(' and ') || 'none', profiles] as const))(
    'accepts the file with profiles: %s',
    (_, profiles) => {
      const flags = profiles.flatMap((name) => ['--profile', name]);
      const { status, stdout, stderr } = compose(...flags, 'config', '--services');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      // Compose 1 names the services of other profiles as well.
      const wanted = servicesOf(file, profiles).map(([name]) => name);
      expect(stdout.trim().split('\n')).toEqual(expect.arrayContaining(wanted));
    },
  );

  test('reads every service as these tests do', () => {
    const { stdout } = compose('--profile', 'dev', '--profile', 'demo', 'config');
    // It doubles dollars, so that what it prints may be read again.
    const read = parse(stdout.replaceAll('$$', '$')).services;
    for (const [name, { environment, command, entrypoint, healthcheck, user, volumes }] of services) {
      const theirs = read[name];
      expect([name, theirs.environment ?? {}]).toEqual([name, environment]);
      expect([name, theirs.command ?? [], theirs.entrypoint]).toEqual([name, command, entrypoint]);
      expect([name, theirs.healthcheck?.test, theirs.user]).toEqual([name, healthcheck?.test, user]);
      const mounts = (list: string[] = []) => list.map((text) => text.replace(/:rw$/, ''));
      expect([name, mounts(theirs.volumes)]).toEqual([name, mounts(volumes)]);
    }
  });
});

describe('docker-compose.yml', () => {
  /** Services that run `syndic coordinator run` or `syndic worker run`, whose variables `config.ts` reads. */
  const running = (noun: string) => services.filter(([, { command }]) => command.join(' ') === `${noun} run`);

  test('sets only variables that the coordinator reads, and each that it requires', () => {
    expect(running('coordinator').map(([name]) => name)).toEqual(['coordinator']);
    const { environment } = service('coordinator');
    expect(Object.keys(environment).filter((name) => !coordinatorVariables.includes(name))).toEqual([]);
    const faults = faultsOf(() => readCoordinatorConfig(environment));
    // What its files hold is not there; nothing else may be at fault.
    expect(faults.filter(({ message }) => !message.includes('ENOENT'))).toEqual([]);
    expect(Object.keys(service('migrate').environment)).toEqual(['DATABASE_URL_FILE']);
  });

  test.each([
    ['coordinator', coordinatorVariables],
    ['worker', workerVariables],
  ] as const)(
    'passes every variable that a %s reads: by its name, by a file, or by the deployment’s',
    (noun, names) => {
      for (const [, { environment }] of running(noun)) {
        const there = (name: string) => Object.hasOwn(environment, name) || Object.hasOwn(environment, `${name}_FILE`);
        const byDeployment: readonly string[] = there('DEPLOYMENT_FILE') ? DEPLOYMENT_VARIABLES : [];
        // A variable and its file are two names of one thing; the crash point is for tests alone.
        const wanted = names.filter((name) => !names.includes(name.replace(/_FILE$/, '')) || !name.endsWith('_FILE'));
        const missing = wanted.filter((name) => !there(name) && !byDeployment.includes(name));
        expect(missing.filter((name) => name !== 'SYNDIC_CRASH_AT')).toEqual([]);
      }
    },
  );

  test('passes on what is set beside it, and sets nothing where that is empty', () => {
    const set = readComposeFile({ MAX_STORE_BYTES: '5000', AGGREGATION_THREADS: '4', BACKEND: 'cpu' }).services;
    expect(set.coordinator?.environment).toMatchObject({ MAX_STORE_BYTES: '5000', AGGREGATION_THREADS: '4' });
    expect(set['worker-va']?.environment).toMatchObject({ BACKEND: 'cpu' });
    const worker = { ...service('worker-va').environment, KEYSTORE_PASSPHRASE_FILE: '', KEYSTORE_PASSPHRASE: 'x' };
    expect(readWorkerConfig(worker)).toMatchObject({ BACKEND: 'auto', CHAIN_LAG_SECONDS: 30 });
    expect(readWorkerConfig(worker)).not.toHaveProperty('SPLIT_FILE');
  });

  test('sets only variables that a worker reads, and each that it requires', () => {
    expect(running('worker')).toHaveLength(4);
    for (const [, { environment }] of running('worker')) {
      expect(Object.keys(environment).filter((name) => !workerVariables.includes(name))).toEqual([]);
      const faults = faultsOf(() => readWorkerConfig(environment));
      const missing = faults.filter(({ message }) => !message.includes('no such file'));
      expect(missing.map(({ path }) => path)).toEqual(['KEYSTORE_PASSPHRASE']);
    }
  });

  test.each(services.filter(([, { entrypoint }]) => entrypoint !== undefined))(
    'sets for %s exactly what its script reads',
    (_, { entrypoint = [], environment }) => {
      const script = variablesIn(entrypoint.at(-1)?.replace('/syndic/', '') ?? '');
      const shared = variablesIn('deploy/lib.sh');
      expect([...script].filter((name) => !shared.has(name) && !Object.hasOwn(environment, name))).toEqual([]);
      expect(Object.keys(environment).filter((name) => !script.has(name) && !shared.has(name))).toEqual([]);
    },
  );

  test('publishes the ports of the coordinator and of nothing else', () => {
    expect(services.filter(([, { ports }]) => ports.length > 0).map(([name]) => name)).toEqual(['coordinator']);
    const { environment, ports } = service('coordinator');
    expect(ports.map((port) => port.split(':')[1])).toEqual([environment.GRPC_PORT, environment.HTTP_PORT]);
    expect(environment.HTTP_TLS).toBe('on');
  });

  test.each(services)(
    'runs %s as a numeric user that is not root, on a read-only root, without privileges',
    (_, of) => {
      expect(of.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(of).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
      if (of.build !== undefined) expect(readStage(of.build.dockerfile, of.build.target).user).toBe(of.user);
      else expect(of.image).toMatch(/:\d+-(bookworm|trixie)$/);
    },
  );

  test('mounts every volume on a folder that its image gives to the user that writes there', () => {
    for (const [name, of] of services) {
      if (of.build === undefined) continue;
      const { folders } = readStage(of.build.dockerfile, of.build.target);
      for (const { target } of mountsOf(of))
        expect([name, target, folders.get(target)]).toEqual([name, target, of.user]);
    }
  });

  test('declares the volumes that it uses, and gives each hospital and its worker one of their own', () => {
    const used = services.flatMap(([, of]) => mountsOf(of).map(({ source }) => source));
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(file.volumes).toSorted());
    const hospitals = running('worker').map(([, of]) => mountsOf(of).map(({ source }) => source));
    expect(hospitals.every((sources) => sources.length === 1)).toBe(true);
    expect(new Set(hospitals.flat()).size).toBe(4);
  });

  test('holds no secret, and gives services none but by files', () => {
    for (const [, { environment }] of services) {
      const names = Object.keys(environment).filter((name) =>
        /PASS|SECRET|KEY|TOKEN|DATABASE_URL|REDIS_URL/.test(name),
      );
      expect(names.filter((name) => !/_FILE$|_TEMPLATE$/.test(name))).toEqual([]);
    }
    expect(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')).not.toMatch(/:\/\/[^\s/]*:(?!PASSWORD)[^\s/@]+@/);
  });

  test('has a health check wherever another service waits for one, and waits for services that are there', () => {
    for (const profiles of PROFILES) {
      const there = servicesOf(file, profiles).map(([name]) => name);
      for (const [, { depends_on }] of servicesOf(file, profiles)) {
        for (const [name, { condition }] of Object.entries(depends_on)) {
          expect(there).toContain(name);
          if (condition === 'service_healthy') expect(service(name).healthcheck).toBeDefined();
          else expect(service(name).restart).toBe('no');
        }
      }
    }
  });
});

test.each([
  ['http://a:8545', 'http://a:8545'],
  ['http://a:8545,http://b:8545,http://c:8545', 'http://a:8545'],
  ['', ''],
])('where CHAIN_RPC_URL is %j, scripts that ask one node ask %j', (CHAIN_RPC_URL, first) => {
  const print = `set -eu; . ${join(ROOT, 'deploy', 'lib.sh')}; printf %s "$NODE_URL"`;
  const { stdout } = spawnSync('sh', ['-c', print], { encoding: 'utf8', env: { ...environment, CHAIN_RPC_URL } });
  expect(stdout).toBe(first);
});

/** What a script takes from its environment: names in capitals that it does not set itself. */
function variablesIn(script: string): Set<string> {
  const code = readFileSync(join(ROOT, script), 'utf8').replace(/^\s*#.*$/gm, '');
  const used = [...code.matchAll(/\$\{?([A-Z][A-Z_]+)/g)].map(([, name = '']) => name);
  return new Set(used.filter((name) => !LIBRARYS_OWN.has(name)));
}

function faultsOf(read: () => unknown): { path: string; message: string }[] {
  try {
    read();
    return [];
  } catch (error) {
    return (error as { details: { faults: { path: string; message: string }[] } }).details.faults;
  }
}
