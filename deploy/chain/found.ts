import { createECDH, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { sealKey } from '../../core/statements/keystore.ts';
import { addressOf } from '../../core/statements/sign.ts';
import type { Address } from '../../core/values.ts';
import { keepFile } from '../../worker/keepFile.ts';
import { cliqueGenesis, type Genesis, qbftGenesis } from './genesis.ts';

export type ChainKind = 'clique' | 'qbft';

/** A validator: its folder, and where the others reach it. */
export interface Place {
  readonly dir: string;
  /** IP address: go-ethereum and Besu look names up once, or not at all. */
  readonly host: string;
  readonly port: number;
}

export interface FoundChainOptions {
  readonly kind: ChainKind;
  readonly chainId: number;
  readonly places: readonly Place[];
  /** Accounts that begin with ether; left out: the validators' own. */
  readonly funded?: readonly string[];
  readonly period?: number;
}

export interface FoundValidator extends Place {
  readonly address: Address;
  /** How the others dial it: `enode://PUBLIC KEY@HOST:PORT`. */
  readonly enode: string;
}

/** scrypt's N. The passphrase lies beside the keystore that it opens, for the node has to start by itself. */
const SCRYPT_COST = 4096;

/**
 * Fills the folders of all validators of a chain on one host: keys, genesis, peers. Keys that are there stay; so must
 * the genesis, which fixes who begins.
 *
 * @throws SyndicError CONFIG_INVALID as `cliqueGenesis` and `qbftGenesis`, STATE_CONFLICT when a folder holds the
 * genesis of other validators or another chain
 */
export async function foundChain(options: FoundChainOptions): Promise<FoundValidator[]> {
  const { kind, places } = options;
  const found = await Promise.all(places.map((place) => ensureValidator(kind, place)));
  const text = `${JSON.stringify(genesisOf(options, found), null, 2)}\n`;
  for (const { dir } of found) await keepGenesis(join(dir, 'genesis.json'), text);
  for (const one of found) await writePeers(kind, one, found);
  return found;
}

function genesisOf({ kind, places, ...rest }: FoundChainOptions, found: readonly FoundValidator[]): Genesis {
  const addresses = found.map((one) => one.address);
  return kind === 'clique'
    ? cliqueGenesis({ ...rest, sealers: addresses })
    : qbftGenesis({ ...rest, validators: addresses });
}

async function ensureValidator(kind: ChainKind, place: Place): Promise<FoundValidator> {
  await mkdir(place.dir, { recursive: true, mode: 0o700 });
  const node = await ensureKey(join(place.dir, 'nodekey'));
  const enode = `enode://${publicKey(node)}@${place.host}:${place.port}`;
  // Besu signs blocks with the node's own key; go-ethereum with an account's.
  const account = kind === 'qbft' ? addressOf(`0x${node}`) : await ensureSealer(place.dir);
  await keepFile(join(place.dir, 'address'), `${account}\n`, 0o644);
  return { ...place, address: account, enode };
}

async function ensureKey(file: string): Promise<string> {
  if (!existsSync(file)) await keepFile(file, `${freshKey()}\n`, 0o600);
  return (await readFile(file, 'utf8')).trim();
}

/** An account as go-ethereum keeps it: a keystore of its own folder, and the passphrase in a file. */
async function ensureSealer(dir: string): Promise<Address> {
  const keystore = join(dir, 'keystore', 'sealer.json');
  const passphrase = join(dir, 'passphrase');
  if (!existsSync(keystore)) {
    const secret = randomBytes(24).toString('base64url');
    await keepFile(passphrase, `${secret}\n`, 0o600);
    await mkdir(join(dir, 'keystore'), { recursive: true, mode: 0o700 });
    await keepFile(keystore, await sealKey(`0x${freshKey()}`, secret, SCRYPT_COST), 0o600);
  }
  const { address } = JSON.parse(await readFile(keystore, 'utf8')) as { address: string };
  return `0x${address.replace(/^0x/, '').toLowerCase()}` as Address;
}

function freshKey(): string {
  const curve = createECDH('secp256k1');
  curve.generateKeys();
  return curve.getPrivateKey('hex').padStart(64, '0');
}

/** 64 bytes as hex: the point without its leading 04. */
function publicKey(key: string): string {
  const curve = createECDH('secp256k1');
  curve.setPrivateKey(Buffer.from(key, 'hex'));
  return curve.getPublicKey('hex', 'uncompressed').slice(2);
}

async function keepGenesis(file: string, text: string): Promise<void> {
  if (!existsSync(file)) return await keepFile(file, text, 0o644);
  if ((await readFile(file, 'utf8')) === text) return;
  throw new SyndicError(
    'STATE_CONFLICT',
    `${file} begins another chain than these validators, chain id and settings would: keep to them, or begin in an empty folder`,
    { file },
  );
}

/** Whom a node dials. Discovery is off: nobody else is wanted. */
async function writePeers(kind: ChainKind, one: FoundValidator, all: readonly FoundValidator[]): Promise<void> {
  const others = all.filter(({ enode }) => enode !== one.enode).map(({ enode }) => enode);
  if (kind === 'qbft') {
    await keepFile(join(one.dir, 'static-nodes.json'), `${JSON.stringify(others, null, 2)}\n`, 0o644);
    return;
  }
  const list = others.map((enode) => `  ${JSON.stringify(enode)},\n`).join('');
  const peers = `[Node.P2P]\nListenAddr = "${one.host}:${one.port}"\nStaticNodes = [\n${list}]\n`;
  await keepFile(join(one.dir, 'peers.toml'), peers, 0o644);
  // The image of go-ethereum has nothing of ours.
  await copyFile(join(import.meta.dirname, 'sealer.sh'), join(one.dir, 'sealer.sh'));
}
