import { SyndicError } from '../../core/errors/SyndicError.ts';

/** One wheel of the Python package index: what the native build takes its TensorFlow library and headers from. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  /** The interpreter and platform that it is named after. Only its libraries are used: no Python has to fit it. */
  readonly python: string;
  readonly platform: string;
  readonly file: string;
  readonly sha256: string;
}

export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Undefined on a system of another C library. */
  readonly glibc: string | undefined;
}

/** By processor. The digests are those that the index itself publishes (https://pypi.org/simple/). */
const WHEELS: Readonly<Record<string, Wheel>> = {
  x64: {
    project: 'tensorflow-cpu',
    version: '2.21.0',
    python: '311',
    platform: 'manylinux_2_27_x86_64',
    file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  },
  arm64: {
    project: 'tensorflow',
    version: '2.21.0',
    python: '311',
    platform: 'manylinux_2_27_aarch64',
    file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl',
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  },
};

/** @throws SyndicError BACKEND_UNAVAILABLE where no wheel fits */
export function wheelFor({ platform, arch, glibc }: Machine): Wheel {
  const wheel = WHEELS[arch];
  if (platform === 'linux' && wheel !== undefined && isAtLeast(glibc, [2, 27])) return wheel;
  const here = `${platform} ${arch}${platform === 'linux' ? `, ${glibc === undefined ? 'not glibc' : `glibc ${glibc}`}` : ''}`;
  throw new SyndicError(
    'BACKEND_UNAVAILABLE',
    `native TensorFlow is built on Linux with glibc 2.27 or newer, x64 or arm64; this is ${here}. Elsewhere take what npm downloads, or train with --backend wasm.`,
    { platform, arch, glibc },
  );
}

function isAtLeast(version: string | undefined, [major, minor]: readonly [number, number]): boolean {
  const [gotMajor = 0, gotMinor = 0] = (version ?? '').split('.').map(Number);
  return gotMajor > major || (gotMajor === major && gotMinor >= minor);
}
