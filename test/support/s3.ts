import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import type { S3Credentials } from '../../coordinator/models/s3Client.ts';
import { parseS3Location, type S3Location } from '../../coordinator/models/s3Location.ts';
import { freePort } from '../../embedded/freePort.ts';
import { until } from './until.ts';

const BUCKET = 'syndic';

/** Whether this machine has the S3 server that the tests use (github.com/versity/versitygw). */
export function hasS3(): boolean {
  return spawnSync('versitygw', ['--version']).status === 0;
}

/** An S3 server of the test's own over a temporary folder, on a free port, with one bucket. */
export class TestS3 {
  readonly port: number;
  readonly credentials: S3Credentials = {
    accessKeyId: randomBytes(8).toString('hex'),
    secretAccessKey: randomBytes(16).toString('hex'),
  };
  readonly client: S3Client;
  readonly #folder = mkdtempSync(join(tmpdir(), 'syndic-test-s3-'));
  #server: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
    for (const name of [`objects/${BUCKET}`, 'meta']) mkdirSync(join(this.#folder, name), { recursive: true });
    const { endpoint, region } = this.location('');
    this.client = new S3Client({
      ...{ region, forcePathStyle: true, credentials: { ...this.credentials } },
      ...(endpoint === undefined ? {} : { endpoint }),
    });
  }

  static async start(): Promise<TestS3> {
    const server = new TestS3(await freePort());
    await server.start();
    return server;
  }

  get bucket(): string {
    return BUCKET;
  }

  /** What MODELS_S3_URL says of it. @param port of a line that leads to it */
  url(prefix: string, port = this.port): string {
    return `s3://${BUCKET}/${prefix}?endpoint=http://127.0.0.1:${port}`;
  }

  location(prefix: string, port = this.port): S3Location {
    return parseS3Location(this.url(prefix, port));
  }

  /** Starts it, or starts it again after `kill`, with the objects it had. */
  async start(): Promise<void> {
    const { accessKeyId: access, secretAccessKey: secret } = this.credentials;
    const server = spawn(
      'versitygw',
      ['--quiet', '--port', `127.0.0.1:${this.port}`, '--health', '/health', 'posix']
        .concat('--sidecar', join(this.#folder, 'meta'))
        .concat(join(this.#folder, 'objects')),
      { stdio: 'ignore', env: { ...process.env, ROOT_ACCESS_KEY_ID: access, ROOT_SECRET_ACCESS_KEY: secret } },
    );
    this.#server = server;
    await until(async () => {
      if (server.exitCode !== null) throw new Error(`versitygw ended with ${server.exitCode} before it was ready`);
      return answers(`http://127.0.0.1:${this.port}/health`);
    });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const server = this.#server;
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    server.kill(signal);
    await gone;
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    // Nothing listens there yet.
    return false;
  }
}
