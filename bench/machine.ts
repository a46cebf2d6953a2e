import { cpus, release, totalmem } from 'node:os';

/** What figures were measured on, and when: written beside them. */
export function machine() {
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
  };
}
