import { S3Client } from '@aws-sdk/client-s3';
import type { S3Location } from './s3Location.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const CONNECT_MS = 5_000;
/** For a line on which nothing moves any more; a member that reads slowly holds one still for less. */
const SILENCE_MS = 120_000;

/** @param credentials left out: what the SDK finds (variables, shared files, a role of the container or machine) */
export function createS3Client(location: S3Location, credentials?: S3Credentials): S3Client {
  const { endpoint, region, forcePathStyle } = location;
  // A member that downloads holds a connection: as many as members, or those that are slow keep everybody waiting.
  const agent = { maxSockets: Number.POSITIVE_INFINITY };
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    // A copy: the SDK notes in it where it came from.
    ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
    // Bodies are parts at most: asking for leave first costs more than a part that is refused.
    expectContinueHeader: false,
    // In JavaScript, it costs more than all the rest of reading; who reads a file holds it against its digest.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
