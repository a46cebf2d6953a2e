import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Address, Digest } from '../core/values.ts';
import { keepFile } from '../worker/keepFile.ts';
import { pinOf } from './chain/invite.ts';
import { makeAccount } from './chain/keystore.ts';

export interface InitCoordinator {
  readonly dir: string;
  readonly passphraseFile?: string;
  /** Names and IP addresses for a certificate to be made. */
  readonly host?: readonly string[];
  /** A certificate that is there already. */
  readonly tlsCert?: string;
  /** scrypt's N; the keystore standard's when left out. */
  readonly scryptCost?: number;
}

export interface InitedCoordinator {
  readonly address: Address;
  readonly keystore: string;
  readonly certificate?: string;
  /** SHA-256 of the certificate's SubjectPublicKeyInfo: what invitations pin. */
  readonly pin?: Digest;
}

const CERTIFICATE_DAYS = 1095;

/** Makes what is missing in a coordinator's folder: a key sealed in a keystore, a certificate. What is there stays. */
export async function initCoordinator(options: InitCoordinator): Promise<InitedCoordinator> {
  const dir = resolve(options.dir);
  const keystore = coordinatorKeystore(dir);
  const address = await makeAccount({ keystore, passphraseFile: options.passphraseFile }, options.scryptCost);
  const certificate = options.tlsCert ?? (await ensureCertificate(dir, options.host));
  return certificate === undefined
    ? { address, keystore }
    : { address, keystore, certificate, pin: await pinOf(certificate) };
}

/** Where a coordinator's key lies in its folder. */
export function coordinatorKeystore(dir: string): string {
  return join(resolve(dir), 'coordinator-key.json');
}

async function ensureCertificate(dir: string, hosts: readonly string[] | undefined): Promise<string | undefined> {
  const path = join(dir, 'tls-cert.pem');
  if (existsSync(path)) return path;
  if (hosts === undefined) return undefined;
  const { makeCertificate } = await import('../embedded/certificate.ts');
  const { cert, key } = await makeCertificate(hosts, new Date(), CERTIFICATE_DAYS);
  // The key first: a certificate that is there always has its key.
  await keepFile(join(dir, 'tls-key.pem'), key, 0o600);
  await keepFile(path, cert, 0o644);
  return path;
}
