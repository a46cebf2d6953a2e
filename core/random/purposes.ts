/**
 * What a seeded stream is for. A purpose is part of the stream's key, so that two uses never share a byte.
 * Slot and round of a stream are 0 where they do not apply.
 */
export const purposes = {
  /** Initial weights; slot 0, round 0. */
  init: 'init',
  /** The order from which a site's test rows are taken; the site's slot, round 0. */
  split: 'split',
  /** The order of rows in one epoch (from 0) of a site's endless sequence; the site's slot, round 0. One stream an
   *  epoch, so that a worker that was killed finds its place without replaying earlier epochs. */
  batches: (epoch: number): string => `batches/${epoch}`,
} as const;
