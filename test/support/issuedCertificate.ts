import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { digest } from '../../core/values.ts';
import type { Certificate } from '../../embedded/certificate.ts';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;

export interface IssuedCertificate extends Certificate {
  /** Another certificate for the same key. */
  renew(): Promise<Certificate>;
}

/** A certificate for `host` that an authority of the test's own issued, without the authority's in the chain. */
export async function issuedCertificate(host: string): Promise<IssuedCertificate> {
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey));
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const issue = async (serialNumber: string): Promise<Certificate> => ({
    cert: await certificateFor(host, keys.publicKey, serialNumber),
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
    pin: digest(`0x${createHash('sha256').update(spki).digest('hex')}`),
  });
  return { ...(await issue('4a')), renew: () => issue('4b') };
}

async function certificateFor(host: string, publicKey: webcrypto.CryptoKey, serialNumber: string): Promise<string> {
  const authority = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber,
      subject: `CN=${host}`,
      issuer: 'CN=Hospital IT',
      notBefore: new Date(Date.now() - HOUR_MS),
      notAfter: new Date(Date.now() + HOUR_MS),
      signingAlgorithm: CURVE,
      publicKey,
      signingKey: authority.privateKey,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
    },
    webcrypto,
  );
  return `${certificate.toString('pem')}\n`;
}
