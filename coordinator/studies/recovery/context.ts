import type { Context } from '../context.ts';

/** What recovering needs of a coordinator: it says nothing to the chain and wakes nobody. */
export type RecoveryContext = Pick<
  Context,
  'db' | 'chain' | 'models' | 'clock' | 'log' | 'crash' | 'options' | 'plan' | 'document'
>;
