import type { Log } from '../../coordinator/modules.ts';

/** A log that keeps quiet. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
