import type { ErrorCode } from '../../core/errors/codes.ts';
import { domain } from '../../core/statements/types.ts';
import type { NamedTensor } from '../../core/tensors/file.ts';
import { address, instant, ZERO_DIGEST } from '../../core/values.ts';
import {
  DEADLINE,
  MAX_SAMPLES,
  type Member,
  person,
  ROUND,
  randomDigest,
  type SentUpdate,
  T0,
  type TestConsortium,
  VERSION_ROWS,
} from './testConsortium.ts';

/** An update that must be refused. */
export interface UpdateRefusal {
  readonly what: string;
  readonly code: ErrorCode;
  /** What is sent; the chain or the clock may be changed first, and is put back by what is returned. */
  readonly make: (consortium: TestConsortium, member: Member) => SentUpdate;
  /** Puts right what `make` broke outside the update. */
  readonly repair?: (consortium: TestConsortium, member: Member) => void;
  /** Bytes announced, if not those of the file. */
  readonly length?: (file: Uint8Array) => number;
}

/** A key of a member's with another validity. */
export function changeKey(consortium: TestConsortium, member: Member, change: object): void {
  const key = consortium.chain.keys.get(member.address);
  if (key !== undefined) consortium.chain.keys.set(member.address, { ...key, ...change });
}

function changeGrant(consortium: TestConsortium, member: Member, change: object): void {
  const id = `${consortium.study}/${member.slot}`;
  const grant = consortium.chain.grants.get(id);
  if (grant !== undefined) consortium.chain.grants.set(id, { ...grant, ...change });
}

const validKey = { validFrom: instant(T0 - 5000), validTo: null, compromised: false, slot: 1 };
const liveGrant = { revokedAt: null, until: instant(T0 + 100_000) };

/** A file like `file` with other bytes at `at`. */
function patched(file: Uint8Array, at: number, bytes: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(file);
  copy.set(bytes, at < 0 ? copy.length + at : at);
  return copy;
}

function kernelOf({ baseTensors }: TestConsortium): NamedTensor {
  const kernel = baseTensors.find(({ name }) => name === 'logit/kernel');
  if (kernel === undefined) throw new Error('the base has no kernel');
  return kernel;
}

/** The base's tensors with another kernel, of the same number of bytes. */
function changedKernel(consortium: TestConsortium, change: Partial<NamedTensor>): NamedTensor[] {
  const kernel = kernelOf(consortium);
  return consortium.baseTensors.map((tensor) => (tensor === kernel ? { ...kernel, ...change } : tensor));
}

const NAN = [0, 0, 0xc0, 0x7f];
const INFINITY = [0, 0, 0x80, 0xff];

/** Everything for which an update is refused before it is stored; the round that it is for is open. */
export const updateRefusals: readonly UpdateRefusal[] = [
  {
    what: 'a statement that is not JSON',
    code: 'DOCUMENT_INVALID',
    make: (c, m) => ({ ...c.update(m), statement: new TextEncoder().encode('{') }),
  },
  {
    what: 'a statement that is not canonical',
    code: 'DOCUMENT_INVALID',
    make: (c, m) => {
      const sent = c.update(m);
      return { ...sent, statement: Buffer.concat([sent.statement, Buffer.from(' ')]) };
    },
  },
  {
    what: 'a statement over its size',
    code: 'TOO_LARGE',
    make: (c, m) => ({ ...c.update(m), statement: new Uint8Array(64 * 1024 + 1) }),
  },
  {
    what: 'a report over its size',
    code: 'TOO_LARGE',
    make: (c, m) => ({ ...c.update(m), report: new Uint8Array(1024 * 1024 + 1) }),
  },
  {
    what: 'a report without a salt',
    code: 'SALT_MISSING',
    make: (c, m) => {
      const sent = c.update(m);
      const report = JSON.parse(new TextDecoder().decode(sent.report)) as Record<string, unknown>;
      delete report.salt;
      return { ...sent, report: new TextEncoder().encode(JSON.stringify(report)) };
    },
  },
  {
    what: 'a report other than the one signed',
    code: 'DOCUMENT_INVALID',
    make: (c, m) => ({ ...c.update(m), report: c.update(m).report }),
  },
  {
    what: 'a report of another round',
    code: 'DOCUMENT_INVALID',
    make: (c, m) => c.update(m, { report: { round: ROUND + 1 } }),
  },
  {
    what: 'a report of another slot',
    code: 'DOCUMENT_INVALID',
    make: (c, m) => c.update(m, { report: { slot: 2 } }),
  },
  {
    what: 'another study',
    code: 'WRONG_STUDY',
    make: (c, m) => c.update(m, { message: { study: randomDigest() } }),
  },
  {
    what: 'a stale round',
    code: 'ROUND_NOT_OPEN',
    make: (c, m) => c.update(m, { message: { round: ROUND - 1 } }),
  },
  {
    what: 'an unknown round',
    code: 'ROUND_NOT_OPEN',
    make: (c, m) => c.update(m, { message: { round: ROUND + 7 } }),
  },
  { what: 'another slot', code: 'WRONG_SLOT', make: (c, m) => c.update(m, { message: { slot: 2 } }) },
  {
    what: 'another plan',
    code: 'WRONG_PLAN',
    make: (c, m) => c.update(m, { message: { plan: randomDigest() } }),
  },
  {
    what: "a base that is not the round's",
    code: 'WRONG_BASE',
    make: (c, m) => c.update(m, { message: { baseModel: randomDigest() } }),
  },
  {
    what: 'an update after the deadline',
    code: 'DEADLINE_PASSED',
    make: (c, m) => {
      c.now = instant(DEADLINE + 1);
      return c.update(m);
    },
    repair: (c) => {
      c.now = instant(T0 + 10);
    },
  },
  {
    what: 'a signature for another chain',
    code: 'SIGNATURE_INVALID',
    make: (c, m) => c.update(m, { domain: domain(1, c.chain.contracts.ledger) }),
  },
  {
    what: 'a signature for another ledger',
    code: 'SIGNATURE_INVALID',
    make: (c, m) => c.update(m, { domain: domain(c.chain.chainId, address(`0x${'77'.repeat(20)}`)) }),
  },
  {
    what: 'a signature by a key that nobody listed',
    code: 'SIGNATURE_INVALID',
    make: (c, m) => c.update(m, { signer: person().key }),
  },
  {
    what: 'a malformed signature',
    code: 'SIGNATURE_INVALID',
    make: (c, m) => {
      const sent = c.update(m);
      const text = new TextDecoder().decode(sent.statement);
      return { ...sent, statement: new TextEncoder().encode(text.replace(/(1b|1c)"}$/, '1d"}')) };
    },
  },
  {
    what: "a signature by another member's key",
    code: 'KEY_INVALID',
    make: (c, m) => c.update(m, { signer: c.members[1].key }),
  },
  {
    what: "a signature by the coordinator's key",
    code: 'KEY_INVALID',
    make: (c, m) => c.update(m, { signer: c.coordinator.key }),
  },
  {
    what: 'a key that was revoked before the base was recorded',
    code: 'KEY_INVALID',
    make: (c, m) => {
      changeKey(c, m, { validTo: instant(T0 - 100) });
      return c.update(m);
    },
    repair: (c, m) => changeKey(c, m, validKey),
  },
  {
    what: 'a key that is not valid yet',
    code: 'KEY_INVALID',
    make: (c, m) => {
      changeKey(c, m, { validFrom: instant(T0 + 5000) });
      return c.update(m);
    },
    repair: (c, m) => changeKey(c, m, validKey),
  },
  {
    what: 'a key revoked as compromised',
    code: 'KEY_INVALID',
    make: (c, m) => {
      changeKey(c, m, { validTo: instant(T0 + 5), compromised: true });
      return c.update(m);
    },
    repair: (c, m) => changeKey(c, m, validKey),
  },
  {
    what: 'a suspended member',
    code: 'FORBIDDEN',
    make: (c, m) => {
      const member = c.chain.members.get(m.slot);
      if (member !== undefined) c.chain.members.set(m.slot, { ...member, active: false });
      return c.update(m);
    },
    repair: (c, m) => {
      const member = c.chain.members.get(m.slot);
      if (member !== undefined) c.chain.members.set(m.slot, { ...member, active: true });
    },
  },
  {
    what: 'a member without a grant',
    code: 'GRANT_MISSING',
    make: (c, m) => {
      c.chain.grants.delete(`${c.study}/${m.slot}`);
      return c.update(m);
    },
    repair: (c, m) => {
      const { dataset } = m;
      const grant = { plan: c.plan.hash, dataset, grantedAt: instant(T0 - 900), ...liveGrant };
      c.chain.grants.set(`${c.study}/${m.slot}`, grant);
    },
  },
  {
    what: 'a revoked grant',
    code: 'GRANT_MISSING',
    make: (c, m) => {
      changeGrant(c, m, { revokedAt: instant(T0 + 1) });
      return c.update(m);
    },
    repair: (c, m) => changeGrant(c, m, liveGrant),
  },
  {
    what: 'a grant that ends this second',
    code: 'GRANT_MISSING',
    make: (c, m) => {
      changeGrant(c, m, { until: c.now });
      return c.update(m);
    },
    repair: (c, m) => changeGrant(c, m, liveGrant),
  },
  {
    what: 'a dataset version that is not on chain',
    code: 'DATASET_UNKNOWN',
    make: (c, m) => c.update(m, { message: { dataset: randomDigest() } }),
  },
  {
    what: "another member's dataset version",
    code: 'DATASET_UNKNOWN',
    make: (c, m) => c.update(m, { message: { dataset: c.members[1].version } }),
  },
  {
    what: 'a version of a dataset other than the granted one',
    code: 'DATASET_UNKNOWN',
    make: (c, m) => {
      const other = randomDigest();
      c.chain.versions.set(`${m.slot}/${randomDigest()}/${other}`, VERSION_ROWS);
      return c.update(m, { message: { dataset: other } });
    },
  },
  { what: 'no samples', code: 'DOCUMENT_INVALID', make: (c, m) => c.update(m, { message: { samples: 0 } }) },
  {
    what: "more samples than the version's rows",
    code: 'SAMPLES_EXCEEDED',
    make: (c, m) => {
      c.chain.versions.set(`${m.slot}/${m.dataset}/${m.version}`, 199);
      return c.update(m);
    },
    repair: (c, m) => c.chain.versions.set(`${m.slot}/${m.dataset}/${m.version}`, VERSION_ROWS),
  },
  {
    what: 'more samples than the plan allows',
    code: 'SAMPLES_EXCEEDED',
    make: (c, m) => c.update(m, { message: { samples: MAX_SAMPLES + 1 } }),
  },
  {
    what: 'a length one byte over',
    code: 'LENGTH_MISMATCH',
    make: (c, m) => c.update(m),
    length: (file) => file.length + 1,
  },
  {
    what: 'a length one byte under',
    code: 'LENGTH_MISMATCH',
    make: (c, m) => c.update(m),
    length: (file) => file.length - 1,
  },
  {
    what: 'a file with no room for a salt',
    code: 'SALT_MISSING',
    make: (c, m) => c.update(m, { file: c.updateFile(c.baseTensors, {}) }),
  },
  {
    what: 'a file whose salt has another name',
    code: 'SALT_MISSING',
    make: (c, m) => c.update(m, { file: c.updateFile(c.baseTensors, { salz: randomDigest() }) }),
  },
  {
    what: 'a file whose salt is zero',
    code: 'SALT_MISSING',
    make: (c, m) => c.update(m, { file: c.updateFile(c.baseTensors, { salt: ZERO_DIGEST }) }),
  },
  {
    what: 'bytes that are no safetensors file',
    code: 'TENSORS_INVALID',
    make: (c, m) => c.update(m, { file: new Uint8Array(c.updateFile().length).fill(0x20) }),
  },
  {
    what: 'another dtype',
    code: 'TENSORS_INVALID',
    make: (c, m) => {
      const text = Buffer.from(c.updateFile()).toString('latin1').replace('F32', 'I32');
      return c.update(m, { file: Uint8Array.from(Buffer.from(text, 'latin1')) });
    },
  },
  {
    what: "tensors with names that are not the base's",
    code: 'TENSORS_MISMATCH',
    make: (c, m) => c.update(m, { file: c.updateFile(changedKernel(c, { name: 'logit/kernal' })) }),
  },
  {
    what: "tensors with shapes that are not the base's",
    code: 'TENSORS_MISMATCH',
    make: (c, m) => c.update(m, { file: c.updateFile(changedKernel(c, { shape: [1, kernelOf(c).data.length] })) }),
  },
  {
    what: 'NaN',
    code: 'NOT_FINITE',
    make: (c, m) => c.update(m, { file: patched(c.updateFile(), -4, NAN) }),
  },
  {
    what: 'infinity',
    code: 'NOT_FINITE',
    make: (c, m) => c.update(m, { file: patched(c.updateFile(), -12, INFINITY) }),
  },
  {
    what: 'bytes that do not hash to what was signed',
    code: 'DIGEST_MISMATCH',
    make: (c, m) => ({ ...c.update(m), file: c.updateFile() }),
  },
];
