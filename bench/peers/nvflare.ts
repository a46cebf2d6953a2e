import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../embedded/freePort.ts';
import type { Started } from '../../embedded/processes.ts';
import type { Federation, Job } from './Federation.ts';
import { readOutcome } from './outcome.ts';
import type { Programs } from './Programs.ts';
import { arraysOf, openPeer } from './python.ts';

/** NVIDIA FLARE: its own startup kits, provisioned for this run with mutual TLS, a process for every participant. */
export function openNvflare(job: Job): Promise<Federation> {
  return openPeer(job, { NVFLARE_POC_WORKSPACE: join(job.dir, 'poc') }, startIn);
}

async function startIn(programs: Programs, job: Job): Promise<Federation> {
  const { dir, width, clients, rounds, wait } = job;
  const sites = Array.from({ length: clients }, (_, i) => `site-${i + 1}`);
  const port = await freePort();
  const project = join(dir, 'project.yml');
  await writeFile(project, JSON.stringify(projectOf(sites, port)));
  await programs.run('prepare', 'nvflare', ['poc', 'prepare', '--force', '--project-input', project]);
  const kits = join(dir, 'poc', PROJECT, 'prod_00');

  const source = join(dir, 'source');
  await cp(join(import.meta.dirname, 'nvflare'), source, { recursive: true });
  const outcome = join(dir, 'outcome.json');
  const options = JSON.stringify({ ...arraysOf(width), clients, rounds, wait, outcome });
  const jobs = join(dir, 'jobs');
  await programs.run('make_job', 'python', ['make_job.py', jobs, options], source);

  const startKit = (name: string): Promise<Started> =>
    programs.start(name, 'bash', [join(kits, name, 'startup', 'sub_start.sh'), '--once']);
  const server = await startKit('server');
  await programs.untilListens(server, port);
  const started: Started[] = [];
  for (const site of sites) started.push(await startKit(site));
  return {
    server: { server: server.pid },
    clients: started.map(({ pid }) => pid),
    run: async () => {
      const args = [join(source, 'run_job.py'), join(kits, ADMIN), join(jobs, 'bench'), String(clients)];
      await programs.run('run_job', 'python', args);
      return readOutcome(await readFile(outcome, 'utf8'), job);
    },
    close: () => programs.end(),
  };
}

const PROJECT = 'bench';
const ADMIN = 'admin@nvidia.com';

/** The participants, and the builders that the project file which comes with 2.9.0 names. YAML takes JSON. */
function projectOf(sites: readonly string[], port: number): object {
  const org = 'nvidia';
  const lighter = 'nvflare.lighter.impl';
  return {
    api_version: 3,
    name: PROJECT,
    description: 'benchmark',
    participants: [
      { name: 'server', type: 'server', org, fed_learn_port: port },
      ...sites.map((name) => ({ name, type: 'client', org })),
      { name: ADMIN, type: 'admin', org, role: 'project_admin' },
    ],
    builders: [
      { path: `${lighter}.workspace.WorkspaceBuilder`, args: { template_file: ['master_template.yml'] } },
      { path: `${lighter}.static_file.StaticFileBuilder`, args: { config_folder: 'config' } },
      { path: `${lighter}.cert.CertBuilder` },
      { path: `${lighter}.signature.SignatureBuilder` },
    ],
  };
}
