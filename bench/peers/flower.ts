import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate } from '../../embedded/certificate.ts';
import { freePort } from '../../embedded/freePort.ts';
import type { Started } from '../../embedded/processes.ts';
import type { Federation, Job } from './Federation.ts';
import { readOutcome } from './outcome.ts';
import type { Programs } from './Programs.ts';
import { arraysOf, openPeer } from './python.ts';

const DAY_MS = 86_400_000;

/** Flower: a SuperLink and a SuperNode for every client, TLS with the server's certificate on every connection. */
export function openFlower(job: Job): Promise<Federation> {
  const { dir, wait } = job;
  const env = {
    FLWR_HOME: dir,
    FLWR_TELEMETRY_ENABLED: '0',
    FLWR_DISABLE_UPDATE_CHECK: '1',
    ...(wait === null ? {} : { FLWR_SUPEREXEC_TASK_POLL_INTERVAL: String(wait) }),
  };
  return openPeer(job, env, startIn);
}

async function startIn(programs: Programs, job: Job): Promise<Federation> {
  const { dir, width, clients, rounds } = job;
  // It vouches for itself: whoever dials in is told to trust this very certificate.
  const { cert, key } = await makeCertificate(['localhost', '127.0.0.1'], new Date(Date.now() - DAY_MS), 2);
  const certificate = join(dir, 'certificate.pem');
  const keyFile = join(dir, 'key.pem');
  await writeFile(certificate, cert);
  await writeFile(keyFile, key);
  const identity = ['--ssl-ca-certfile', certificate, '--ssl-certfile', certificate, '--ssl-keyfile', keyFile];

  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const listen = ['--host', '127.0.0.1', '--port', String(port), '--disable-runtime-dependency-installation'];
  const superlink = await programs.start('superlink', 'flower-superlink', [...identity, ...listen]);
  await programs.untilListens(superlink, port);
  const nodes: Started[] = [];
  for (let k = 1; k <= clients; k++) {
    const dial = ['--superlink', address, '--root-certificates', certificate];
    // A SuperNode serves its own ClientApps, at a port and with a certificate too.
    const own = ['--host', '127.0.0.1', '--port', String(await freePort())];
    nodes.push(await programs.start(`supernode-${k}`, 'flower-supernode', [...dial, ...identity, ...own]));
  }

  const app = join(dir, 'app');
  await cp(join(import.meta.dirname, 'flower'), app, { recursive: true });
  const superlinks = { default: 'bench', bench: { address, 'root-certificates': certificate } };
  await writeFile(join(dir, 'config.toml'), toml(superlinks));
  const outcome = join(dir, 'outcome.json');
  const config = Object.entries({ ...arraysOf(width), clients, rounds, outcome: JSON.stringify(outcome) });
  const options = ['--run-config', config.map(([name, value]) => `${name}=${value}`).join(' ')];
  return {
    server: { superlink: superlink.pid },
    clients: nodes.map(({ pid }) => pid),
    run: async () => {
      await programs.run('run', 'flwr', ['run', app, 'bench', ...options]);
      await programs.until(() => existsSync(outcome), [superlink, ...nodes]);
      return readOutcome(await readFile(outcome, 'utf8'), job);
    },
    close: () => programs.end(),
  };
}

function toml({ default: chosen, bench }: { default: string; bench: Record<string, string> }): string {
  const lines = Object.entries(bench).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return ['[superlink]', `default = ${JSON.stringify(chosen)}`, '[superlink.bench]', ...lines, ''].join('\n');
}
