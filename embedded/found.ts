import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPlanFile } from '../cli/loadPlanFile.ts';
import { sha256 } from '../core/sha256.ts';
import type { Address, Digest, Slot } from '../core/values.ts';
import { keepFile } from '../worker/keepFile.ts';
import { type Account, BOX_SCRYPT_COST, ensureAccount } from './accounts.ts';
import type { Services } from './Box.ts';
import { callSyndic } from './callSyndic.ts';
import type { Site } from './sites.ts';

export interface Deployment {
  readonly chainId: number;
  readonly genesis: Digest;
  readonly consortium: Address;
  readonly dataUse: Address;
  readonly ledger: Address;
}

/** A hospital of the box, admitted and with its worker key listed. */
export interface Member {
  readonly site: Site;
  readonly slot: Slot;
  readonly dir: string;
  readonly account: Account;
  readonly invitation: string;
}

/** The dataset that every hospital of the box grants. */
export const DATASET = 'heart-disease';

export interface FoundOptions {
  readonly dir: string;
  readonly sites: readonly Site[];
  /** The plan whose columns say what a row of the datasets is. */
  readonly plan: string;
  /** Told what is being done, a line each. */
  readonly tell: (line: string) => void;
}

export interface Founded {
  readonly deployment: Deployment;
  readonly operator: Account;
  readonly coordinatorAccount: Account;
  readonly members: readonly Member[];
  /** File with everything that the operator's commands need: `--profile`. */
  readonly profile: string;
}

/** Founds the consortium on its chain: contracts, roles, members and their keys. What stands already stays. */
export async function found(options: FoundOptions, services: Services): Promise<Founded> {
  const { dir, sites, tell } = options;
  const { rpcUrl } = services.chain;
  const admin = await ensureAccount(join(dir, 'admin'));
  const operator = await ensureAccount(join(dir, 'operator'));
  const coordinatorAccount = await ensureAccount(join(dir, 'coordinator'));
  const file = join(dir, 'deployment.json');
  tell('deploying the contracts');
  if (!existsSync(file)) {
    await callSyndic('consortium', 'deploy', '--rpc', rpcUrl, '--out', file, ...signedBy(admin));
  }
  const deployment = JSON.parse(await readFile(file, 'utf8')) as Deployment;
  const onChain = ['--rpc', rpcUrl, '--deployment', file];
  const asAdmin = [...onChain, ...signedBy(admin)];
  await callSyndic('consortium', 'operator', 'add', operator.address, ...asAdmin);
  await callSyndic('consortium', 'coordinator', 'add', coordinatorAccount.address, ...asAdmin);
  const pin = await coordinatorKey(dir, coordinatorAccount, onChain);
  const admitting = { asAdmin, pin, url: `grpcs://127.0.0.1:${services.settings.grpcPort}`, coordinatorAccount };
  const members: Member[] = [];
  // One after the other, so that the slots follow the sites' order; what each does then it does by itself.
  for (const site of sites) {
    const member = await admit(dir, site, admitting);
    tell(`${site.name} is admitted as slot ${member.slot}`);
    members.push(member);
  }
  tell('each hospital lists its worker key and anchors a version of its dataset');
  await Promise.all(members.map((member) => equip(member, options.plan, rpcUrl)));
  const founded = { deployment, operator, coordinatorAccount, members };
  return { ...founded, profile: await writeProfile(dir, services, founded) };
}

/** The coordinator's signing key and its certificate; the account lists the key. @returns the certificate's pin */
async function coordinatorKey(dir: string, account: Account, onChain: readonly string[]): Promise<Digest> {
  const at = join(dir, 'coordinator');
  const sealing = ['--passphrase-file', account.passphraseFile, '--scrypt-cost', String(BOX_SCRYPT_COST)];
  const hosts = ['--host', '127.0.0.1', '--host', 'localhost'];
  const made = await callSyndic<{ address: Address; pin: Digest }>(
    'coordinator',
    ...['init', '--dir', at],
    ...hosts,
    ...sealing,
  );
  await callSyndic('coordinator', 'key', made.address, ...onChain, ...signedBy(account));
  return made.pin;
}

interface Admitting {
  readonly asAdmin: readonly string[];
  readonly pin: Digest;
  readonly url: string;
  readonly coordinatorAccount: Account;
}

async function admit(dir: string, site: Site, { asAdmin, pin, url, coordinatorAccount }: Admitting): Promise<Member> {
  const at = join(dir, 'hospitals', site.name);
  await mkdir(at, { recursive: true, mode: 0o700 });
  const account = await ensureAccount(at);
  const invitation = join(at, 'invitation.json');
  const terms = ['--url', url, '--pin', pin, '--coordinator', coordinatorAccount.address, '--out', invitation];
  const { slot } = await callSyndic<{ slot: Slot }>('consortium', 'admit', account.address, ...terms, ...asAdmin);
  return { site, slot, dir: at, account, invitation };
}

/** What a hospital's own people do: the worker's key, listed by the account; a version of the data, anchored. */
async function equip(member: Member, plan: string, rpcUrl: string): Promise<void> {
  const { account, dir, invitation, site } = member;
  const at = join(dir, 'worker');
  const sealing = ['--passphrase-file', account.passphraseFile, '--scrypt-cost', String(BOX_SCRYPT_COST)];
  const { key } = await callSyndic<{ key: Address }>(
    'worker',
    ...['init', '--dir', at, '--invitation', invitation],
    ...sealing,
  );
  await callSyndic('member', 'key', key, ...asMember(member, rpcUrl));
  // Other rows or other columns, as after a run with another seed, are another version.
  const marker = join(at, 'version.json');
  const of = await fingerprint(site.data, plan);
  if (existsSync(marker) && JSON.parse(await readFile(marker, 'utf8')).of === of) return;
  const made = await callSyndic<{ file: string }>(
    'worker',
    ...['version', '--dir', at, '--dataset', DATASET, '--plan', plan, '--data', site.data],
  );
  await callSyndic('member', 'version', '--file', made.file, ...asMember(member, rpcUrl));
  await keepFile(marker, `${JSON.stringify({ ...made, of })}\n`, 0o600);
}

/** Of all that a dataset version is made from: the rows, and the columns that the plan declares. */
async function fingerprint(data: string, planFile: string): Promise<Digest> {
  const { plan } = await loadPlanFile(planFile);
  return sha256(Buffer.concat([Buffer.from(JSON.stringify(plan.data)), await readFile(data)]));
}

function signedBy({ keystore, passphraseFile }: Account): string[] {
  return ['--keystore', keystore, '--passphrase-file', passphraseFile];
}

export function asMember({ account, invitation }: Member, rpcUrl: string): string[] {
  return ['--rpc', rpcUrl, '--invitation', invitation, ...signedBy(account)];
}

async function writeProfile(dir: string, services: Services, founded: Omit<Founded, 'profile'>): Promise<string> {
  const { operator, coordinatorAccount } = founded;
  const path = join(dir, 'profile.json');
  const profile = {
    url: `http://127.0.0.1:${services.settings.httpPort}`,
    keystore: operator.keystore,
    passphraseFile: operator.passphraseFile,
    coordinator: coordinatorAccount.address,
    rpcUrl: services.chain.rpcUrl,
    deployment: join(dir, 'deployment.json'),
  };
  await keepFile(path, `${JSON.stringify(profile, null, 2)}\n`, 0o644);
  return path;
}
