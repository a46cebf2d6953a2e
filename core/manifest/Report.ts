import * as z from 'zod';
import { SyndicError } from '../errors/SyndicError.ts';
import { decodeDocument, digestSchema, encodeDocument, roundSchema, slotSchema } from '../schemas.ts';
import type { Digest, StudyId } from '../values.ts';

/** A figure, or why there is none: `minCell` (withheld: it rests on too few rows), `undefined` (it has no value here). */
export interface Figure {
  readonly value: number | null;
  /** There exactly when `value` is null. */
  readonly reason?: string;
}

/** What a model did on a site's test rows. */
export interface MetricSet {
  /** Test rows. */
  readonly rows: Figure;
  /** Test rows of class 1 and of class 0. */
  readonly positives: Figure;
  readonly negatives: Figure;
  /** Mean of the plan's loss over the test rows. */
  readonly loss: Figure;
  /** Share of test rows classified rightly at 0.5. */
  readonly accuracy: Figure;
  /** Area under the ROC curve. */
  readonly auroc: Figure;
}

/** What a site says about one round's work. Its SHA-256 is in the statement. */
export interface Report {
  readonly schema: 'syndic.report/1';
  /** 32 fresh random bytes, so that nobody can confirm a guess of the rest by its digest. */
  readonly salt: Digest;
  readonly study: StudyId;
  readonly round: number;
  readonly slot: number;
  /** Optimiser steps done. */
  readonly steps: number;
  /** What local training repeats under, bit for bit. */
  readonly runtime: {
    /** `tensorflow`, `wasm` or `cpu`. */
    readonly backend: string;
    readonly threads: number;
    /** Name and version of the library that computed. */
    readonly library: string;
    /** Operating system and processor architecture, as `linux-x64`. */
    readonly platform: string;
  };
  readonly metrics: {
    /** Of the round's base model. */
    readonly before: MetricSet;
    /** Of the site's own model after local training. */
    readonly after: MetricSet;
  };
}

const figureSchema = z
  .strictObject({
    value: z.number().nullable(),
    reason: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/, 'a plain word is wanted')
      .optional(),
  })
  .refine(
    (figure) => (figure.value === null) === (figure.reason !== undefined),
    'a reason stands exactly where null does',
  );

const metricsSchema = z.strictObject({
  rows: figureSchema,
  positives: figureSchema,
  negatives: figureSchema,
  loss: figureSchema,
  accuracy: figureSchema,
  auroc: figureSchema,
});

const text = z.string().min(1).max(200);

const reportSchema = z.strictObject({
  schema: z.literal('syndic.report/1'),
  salt: digestSchema,
  study: digestSchema,
  round: roundSchema,
  slot: slotSchema,
  steps: z.int().min(0),
  runtime: z.strictObject({ backend: text, threads: z.int().min(1).max(65_535), library: text, platform: text }),
  metrics: z.strictObject({ before: metricsSchema, after: metricsSchema }),
});

/** RFC 8785 bytes. @throws SyndicError SALT_MISSING, DOCUMENT_INVALID */
export function encodeReport(report: Report): Uint8Array {
  return salted(() => encodeDocument('report', reportSchema, report));
}

/** @throws SyndicError SALT_MISSING; DOCUMENT_INVALID listing every fault; bytes that are not canonical are refused */
export function decodeReport(bytes: Uint8Array): Report {
  return salted(() => decodeDocument('report', reportSchema, bytes));
}

/** Gives a report whose salt is missing or malformed the code that says so. */
function salted<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof SyndicError && hasFaultAt(error.details.faults, 'salt')) {
      throw new SyndicError('SALT_MISSING', 'report has no salt: put 32 random bytes into it as 0x-hex', error.details);
    }
    throw error;
  }
}

function hasFaultAt(faults: unknown, path: string): boolean {
  return Array.isArray(faults) && faults.some((fault: { path?: unknown }) => fault.path === path);
}
