/** A place for files in a bucket, and where that bucket is. */
export interface S3Location {
  readonly bucket: string;
  /** Before every object's name; empty, or ends with a slash. */
  readonly prefix: string;
  /** Left out: Amazon's own, of the region. */
  readonly endpoint?: string;
  readonly region: string;
  /** The bucket is in the path of a request, not in its host. */
  readonly forcePathStyle: boolean;
}

const SETTINGS = ['endpoint', 'region', 'forcePathStyle'];
const FORM = 's3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION';

/**
 * Reads `s3://BUCKET/PREFIX`, with `region` for a bucket at Amazon, or `endpoint` for one elsewhere (then `region` is
 * `us-east-1` and `forcePathStyle` is `true` unless said otherwise).
 *
 * @example
 * parseS3Location('s3://models/consortium?endpoint=https://s3.hospital.example:9000')
 * @throws Error saying what is wrong
 */
export function parseS3Location(text: string): S3Location {
  if (!URL.canParse(text)) throw new Error(`wanted: ${FORM}`);
  const { protocol, host: bucket, pathname, searchParams, username, password } = new URL(text);
  if (protocol !== 's3:' || bucket === '') throw new Error(`wanted: ${FORM}`);
  if (username !== '' || password !== '') throw new Error('credentials do not belong here: see MODELS_S3_CREDENTIALS');
  const unknown = [...searchParams.keys()].filter((name) => !SETTINGS.includes(name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; there are ${SETTINGS.join(', ')}`);
  const endpoint = searchParams.get('endpoint');
  const region = searchParams.get('region') ?? (endpoint === null ? null : 'us-east-1');
  if (region === null) throw new Error('region is missing, or endpoint for a bucket that is not at Amazon');
  const forcePathStyle = searchParams.get('forcePathStyle') ?? String(endpoint !== null);
  if (!['true', 'false'].includes(forcePathStyle)) throw new Error('forcePathStyle is true or false');
  const folders = decodeURIComponent(pathname).split('/').filter(Boolean);
  return {
    bucket,
    prefix: folders.map((folder) => `${folder}/`).join(''),
    ...(endpoint === null ? {} : { endpoint: checkEndpoint(endpoint) }),
    region,
    forcePathStyle: forcePathStyle === 'true',
  };
}

function checkEndpoint(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (!['http:', 'https:'].includes(protocol)) throw new Error('endpoint is an http:// or https:// URL');
  return text;
}
