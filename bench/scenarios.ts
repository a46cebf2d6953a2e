import { aggregation } from './aggregate.ts';
import { audit } from './audit.ts';
import { distance, wire } from './distance.ts';
import type { Scenario } from './Figure.ts';
import { wholeRound } from './round.ts';

/**
 * Peers on the same kind of machine, TLS on: NVFlare 2.9.0 takes 4.6 s and 3.1 s a round of the first two, and 2.5 s of
 * the third, 0.5 s of which are work and the rest sleep: a third of the work is the aim.
 */
const THIRD = 'a third of the best peer';

/** Everything that `npm run bench` measures, in this order. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'aggregate-64': aggregation(64),
  'aggregate-256': aggregation(256),
  'round-64x6': wholeRound({ name: '64 MiB × 6', sites: 6, width: 4096, rounds: 8, aim: `${THIRD}: 1.53` }),
  'round-64x2': wholeRound({ name: '64 MiB × 2', sites: 2, width: 4096, rounds: 8, aim: `${THIRD}: 1.03` }),
  'round-100kx10': wholeRound({
    name: '100 kB × 10',
    sites: 10,
    width: 155,
    rounds: 22,
    processes: 2,
    aim: `${THIRD}: 0.17`,
  }),
  'round-100kx100': wholeRound({ name: '100 kB × 100', sites: 100, width: 155, rounds: 12, processes: 2, aim: 'none' }),
  'fixed-10': wholeRound({
    name: 'tiny × 10',
    sites: 10,
    width: 2,
    rounds: 102,
    processes: 2,
    aim: 'transport alone: 0.016',
  }),
  'memory-1gx4': wholeRound({ name: '1 GiB × 4', sites: 4, width: 16382, rounds: 3, aim: 'none' }),
  'wire-64x2': wire({ name: 'bytes on the wire, 64 MiB × 2', roundTrip: 0, sites: 2, far: 2 }),
  'audit-200x50': audit({
    name: 'audit of 200 rounds × 50 × 1 MiB',
    ...{ rounds: 200, members: 50, width: 510, aim: 'at most 20 s beyond cat' },
  }),
  'audit-64x8': audit({
    name: 'audit of 2 rounds × 8 × 64 MiB',
    ...{ rounds: 2, members: 8, width: 4096, aim: 'as fast as the disk' },
  }),
  'distance-30ms': distance({ name: '30 ms there and back', roundTrip: 30, sites: 2, far: 1 }),
};
