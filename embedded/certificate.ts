import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { sha256 } from '../core/sha256.ts';
import type { Digest } from '../core/values.ts';

/** A TLS identity for a coordinator's listener, made on the spot. */
export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PKCS #8 PEM; a secret. */
  readonly key: string;
  /** SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469, section 2.4): what an invitation pins. */
  readonly pin: Digest;
}

const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/**
 * A self-signed P-256 certificate for `hosts` (names and IP addresses), valid for `days` from `notBefore`.
 *
 * @example
 * const { cert, key, pin } = await makeCertificate(['localhost', '127.0.0.1'], new Date(), 365);
 */
export async function makeCertificate(hosts: readonly string[], notBefore: Date, days: number): Promise<Certificate> {
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: 'CN=Syndic coordinator',
      notBefore,
      notAfter: new Date(notBefore.getTime() + days * DAY_MS),
      signingAlgorithm: CURVE,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host })),
        ),
      ],
    },
    webcrypto,
  );
  const privateKey = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const publicKey = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(privateKey, 'PRIVATE KEY')}\n`,
    pin: sha256(new Uint8Array(publicKey)),
  };
}

/** 16 random bytes, positive as DER reads them (RFC 5280, section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
