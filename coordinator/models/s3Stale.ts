import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';

export interface StaleUploads {
  readonly bucket: string;
  readonly prefix: string;
  /** What was begun before this, by the server's clock, has nobody who goes on with it. */
  readonly before: Date;
}

/** Ends uploads in parts whose process was killed: S3 keeps their parts, and bills them, until then. @returns how many */
export async function endStaleUploads({ bucket, prefix, before }: StaleUploads, client: S3Client): Promise<number> {
  let ended = 0;
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...markers }));
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Initiated === undefined || Initiated >= before) continue;
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
      ended += 1;
    }
    if (page.IsTruncated !== true) return ended;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
