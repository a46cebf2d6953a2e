import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { ChannelCredentials } from '@grpc/grpc-js';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Digest, digest } from '../../core/values.ts';

const CONNECT_MS = 10_000;

/**
 * Credentials that trust one public key: the one whose SHA-256 the invitation carries (RFC 7469). Who issued the
 * certificate and which names it has do not matter; that the server holds the key, TLS itself proves.
 *
 * The certificate is fetched first on a connection of its own, over which nothing is sent; gRPC's own connection then
 * trusts that certificate alone, and its key is compared once more.
 *
 * @param target `host:port`
 * @throws SyndicError PIN_MISMATCH, COORDINATOR_UNAVAILABLE
 */
export async function pinnedCredentials(target: string, pin: Digest): Promise<ChannelCredentials> {
  const leaf = await fetchCertificate(target);
  const fault = mismatch(pin, leaf);
  if (fault !== null) throw fault;
  const context = createSecureContext({
    ca: leaf.toString(),
    minVersion: 'TLSv1.3',
    // The leaf is the anchor, whether it signed itself or an authority did.
    allowPartialTrustChain: true,
  });
  return ChannelCredentials.createFromSecureContext(context, {
    checkServerIdentity: (_host, { raw }) => mismatch(pin, new X509Certificate(raw)) ?? undefined,
  });
}

/** SHA-256 of a certificate's SubjectPublicKeyInfo. */
export function pinOf(certificate: X509Certificate): Digest {
  const info = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return digest(`0x${createHash('sha256').update(info).digest('hex')}`);
}

/** The parts of `host:port`, where an IPv6 host stands in brackets. */
export function splitTarget(target: string): { host: string; port: number } {
  const at = target.lastIndexOf(':');
  const host = target.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  const port = Number(target.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SyndicError('CONFIG_INVALID', `the coordinator's address ${JSON.stringify(target)} is not host:port`);
  }
  return { host, port };
}

function mismatch(pin: Digest, certificate: X509Certificate): SyndicError | null {
  const got = pinOf(certificate);
  if (got === pin) return null;
  return new SyndicError(
    'PIN_MISMATCH',
    `the server's key is ${got}; the invitation pins ${pin}: somebody is in between, or the coordinator changed its key`,
    { got, pin },
  );
}

function fetchCertificate(target: string): Promise<X509Certificate> {
  const { host, port } = splitTarget(target);
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect(
      {
        host,
        port,
        minVersion: 'TLSv1.3',
        ALPNProtocols: ['h2'],
        // Any certificate is looked at: the pin decides.
        rejectUnauthorized: false,
        timeout: CONNECT_MS,
        ...(isIP(host) === 0 ? { servername: host } : {}),
      },
      () => {
        const certificate = socket.getPeerX509Certificate();
        socket.destroy();
        if (certificate === undefined) reject(unreachable(target, 'it showed no certificate'));
        else resolve(certificate);
      },
    );
    socket.on('error', (error) => reject(unreachable(target, error.message, error)));
    socket.on('timeout', () => socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)));
  });
}

function unreachable(target: string, why: string, cause?: unknown): SyndicError {
  return new SyndicError('COORDINATOR_UNAVAILABLE', `no TLS 1.3 connection to ${target}: ${why}`, {}, { cause });
}
