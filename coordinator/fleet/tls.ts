import { ServerCredentials } from '@grpc/grpc-js';

export interface TlsOptions {
  /** Certificate chain, leaf first, PEM. */
  readonly cert: string;
  /** Its private key, PEM. */
  readonly key: string;
  /** HTTP/2 SETTINGS_INITIAL_WINDOW_SIZE: bytes that a client may send on one stream before it hears from us. */
  readonly windowBytes: number;
  readonly maxConcurrentStreams: number;
}

/** TLS 1.3 and nothing else. grpc-js takes the minimum version from nowhere but the credentials' own options. */
export class Tls13Credentials extends ServerCredentials {
  constructor({ cert, key, windowBytes, maxConcurrentStreams }: TlsOptions) {
    super(
      {
        minVersion: 'TLSv1.3',
        // AES-128 first: fastest where there is AES hardware, and as strong as P-256.
        ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
        honorCipherOrder: true,
        settings: { initialWindowSize: windowBytes, maxConcurrentStreams },
      },
      { cert, key, minVersion: 'TLSv1.3' },
    );
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
