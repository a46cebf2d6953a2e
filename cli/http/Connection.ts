import { dirname, isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { parseJson } from '../../core/canonicalJson.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { faultsOf } from '../../core/schemas.ts';
import { type Address, address, type Digest, digest } from '../../core/values.ts';
import { type Deployment, readChainFile } from '../chain/chainFile.ts';
import { readInput } from '../files.ts';

/** How an operator (or member, or auditor) reaches a coordinator, and what it knows of it beforehand. */
export interface Connection {
  readonly url: URL;
  /** Path of the caller's encrypted keystore. */
  readonly keystore: string;
  readonly passphraseFile: string | undefined;
  /** The coordinator's account in the Consortium. */
  readonly coordinator: Address;
  /** Its key, when it is known by other means than the chain. */
  readonly coordinatorKey: Address | undefined;
  /** The caller's own node, which says what the coordinator's key is. */
  readonly rpcUrl: string | undefined;
  /** The chain and contracts that must be meant. */
  readonly deployment: Deployment | undefined;
  /** SHA-256 of the TLS certificate's SubjectPublicKeyInfo, in place of a certificate authority. */
  readonly pin: Digest | undefined;
  readonly insecureHttp: boolean;
}

const ADDRESS = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, '20 bytes as 0x-hex are wanted')
  .transform(address);
const DIGEST = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, '32 bytes as 0x-hex are wanted')
  .transform(digest);

const fields = {
  url: z.url({ protocol: /^https?$/, error: 'an http(s) URL is wanted' }).transform((text) => new URL(text)),
  keystore: z.string().min(1),
  passphraseFile: z.string().min(1),
  coordinator: ADDRESS,
  coordinatorKey: ADDRESS,
  rpcUrl: z.url({ protocol: /^https?$/, error: 'an http(s) URL is wanted' }),
  /** Path of what `consortium deploy` wrote, or of an invitation. */
  deployment: z.string().min(1),
  pin: DIGEST,
  insecureHttp: z.boolean(),
};
/** What is not for this command is passed over. */
const profileSchema = z.object(fields).partial();
type Profile = z.infer<typeof profileSchema>;

/** The options that every command has which talks to a coordinator. Each may stand in a profile file instead. */
export function withConnectionOptions(command: Command): Command {
  return command
    .option('--profile <file>', 'JSON file with the values below (url, keystore, …); default $SYNDIC_PROFILE')
    .option('--url <url>', "the coordinator's HTTP address")
    .option('--keystore <file>', 'your encrypted keystore')
    .option('--passphrase-file <file>', 'its passphrase; asked for at a terminal')
    .option('--coordinator <address>', "the coordinator's account on chain")
    .option('--coordinator-key <address>', 'its key, where no --rpc can tell')
    .option('--rpc <url>', "your own node, which says what the coordinator's key is")
    .option('--deployment <file>', 'what `consortium deploy` wrote, or an invitation; needed with --rpc')
    .option('--pin <digest>', "SHA-256 of the coordinator's TLS key, in place of a certificate authority")
    .option('--insecure-http', 'allow plain HTTP to another machine');
}

/** Flags first, then the profile file. @throws SyndicError USAGE listing what is missing or malformed */
export async function readConnection(flags: Readonly<Record<string, unknown>>): Promise<Connection> {
  const path = typeof flags.profile === 'string' ? flags.profile : process.env.SYNDIC_PROFILE;
  const profile = path === undefined ? {} : await readProfile(path);
  const named = { ...flags, rpcUrl: flags.rpc };
  const given = check(named, 'the options');
  const merged = { ...profile, ...defined(given) };
  const { url, keystore, coordinator } = merged;
  if (url === undefined || keystore === undefined || coordinator === undefined) {
    const missing = Object.entries({ url, keystore, coordinator }).filter(([, value]) => value === undefined);
    const names = missing.map(([name]) => `--${name}`).join(', ');
    throw new SyndicError('USAGE', `missing: ${names} (or a --profile file that has them)`);
  }
  const { passphraseFile, coordinatorKey, rpcUrl, pin, insecureHttp = false } = merged;
  requireTls(url, insecureHttp);
  const deployment = merged.deployment === undefined ? undefined : (await readChainFile(merged.deployment)).deployment;
  const known = { coordinator, coordinatorKey, rpcUrl, deployment, pin };
  return { url, keystore, passphraseFile, ...known, insecureHttp };
}

/** Paths inside a profile are meant from its own folder. */
async function readProfile(path: string): Promise<Profile> {
  const profile = check(parseJson(await readInput(path)), `the profile ${path}`);
  const beside = (name: string | undefined) =>
    name === undefined || isAbsolute(name) ? name : join(dirname(path), name);
  return defined({
    ...profile,
    keystore: beside(profile.keystore),
    passphraseFile: beside(profile.passphraseFile),
    deployment: beside(profile.deployment),
  });
}

function check(value: unknown, what: string): Profile {
  const result = profileSchema.safeParse(value);
  if (result.success) return result.data;
  throw new SyndicError('USAGE', `${what} cannot be used`, { faults: faultsOf(result.error) });
}

function defined(profile: Profile): Profile {
  return Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined));
}

/** A session's token on an open line is anybody's. */
function requireTls(url: URL, insecureHttp: boolean): void {
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol === 'https:' || loopback || insecureHttp) return;
  throw new SyndicError(
    'USAGE',
    `${url.origin} is plain HTTP to another machine: use https, or --insecure-http if that line is safe by other means`,
  );
}
