import { once } from 'node:events';
import { printFields, printJson, printNote } from '../cli/output.ts';
import { Consortium } from './Consortium.ts';
import { prepare } from './demo/prepare.ts';

export interface BoxOptions {
  readonly workdir: string;
  readonly data?: string;
  readonly json: boolean;
}

/** Starts a consortium in a box, says where everything is, and waits for `signal`. */
export async function runBox(options: BoxOptions, signal: AbortSignal): Promise<void> {
  const { sites, planFile, remarks } = await prepare(options);
  for (const remark of remarks) printNote(remark);
  const { workdir: dir } = options;
  const consortium = await Consortium.prepare({ dir, sites, plan: planFile, tell: printNote });
  try {
    await consortium.startCoordinator();
    await consortium.startWorkers();
    tell(consortium, planFile, options.json);
    if (!signal.aborted) await Promise.race([once(signal, 'abort'), consortium.untilOneEnds()]);
  } finally {
    await consortium.stop();
  }
}

function tell(consortium: Consortium, plan: string, json: boolean): void {
  const { profile, rpcUrl, httpUrl, deployment, members } = consortium;
  const hospitals = members.map(({ slot, site, dir, account }) => ({
    slot,
    name: site.name,
    dir,
    account: account.address,
  }));
  if (json) {
    printJson({ profile, plan, rpcUrl, httpUrl, ...deployment, hospitals });
    return;
  }
  printFields([
    ['coordinator', httpUrl],
    ['chain', `${rpcUrl} (id ${deployment.chainId})`],
    ['ledger', deployment.ledger],
    ...hospitals.map(({ slot, name, dir }) => [`slot ${slot}`, `${name}: ${dir}`] as const),
    ['open a study', `npx syndic study open --profile ${profile} --plan ${plan}`],
    ['watch it', `npx syndic study watch STUDY --profile ${profile}`],
  ]);
  printNote('Running until interrupted (Ctrl-C).');
}
