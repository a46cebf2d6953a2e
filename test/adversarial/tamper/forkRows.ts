import type { Cheat } from '../../integration/audit/Scene.ts';
import type { Row } from './Row.ts';

/** Two chains, alike up to round 1, of which two readers, or one reader twice, were shown one each. */
export interface Fork {
  /** How each has its round 2. */
  readonly rounds: readonly [Cheat, Cheat];
  /** What finds it out: the readers' bundles, the heads that one published, or what the reader saw before. */
  readonly by: 'bundles' | 'published heads' | 'own state';
}

export type ForkRow = Row<null, Fork>;

const EVERYBODY: Cheat = {};
/** Slot 3 gave no answer, and has no receipt: by itself, this is an honest round. */
const TWO: Cheat = { of: [1, 2], absent: [3] };

export const forkRows: readonly ForkRow[] = [
  {
    name: 'records one round on two forks of the chain, and shows two members one each; they compare bundles',
    who: 'coordinator',
    expected: { error: 'AUDIT_FAILED' },
    alter: () => ({ rounds: [EVERYBODY, TWO], by: 'bundles' }),
  },
  {
    name: 'shows a member another chain than the one whose heads another member published',
    who: 'node',
    expected: [{ code: 'HEAD_CONFLICT', round: 2 }],
    alter: () => ({ rounds: [EVERYBODY, TWO], by: 'published heads' }),
  },
  {
    name: 'shows a reader another chain than the one that it saw before',
    who: 'node',
    expected: [{ code: 'HEAD_CONFLICT', round: 2 }],
    alter: () => ({ rounds: [TWO, EVERYBODY], by: 'own state' }),
  },
];
