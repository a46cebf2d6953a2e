import type { Context } from './context.ts';

/**
 * What a step of a study did. moved: look again at once (also when somebody else moved it). Else the seconds after which
 * to look again; null when nothing but an order or a member's answer will change anything.
 */
export type Step = 'moved' | { readonly wait: number | null };

/** Waits for what the chain or the outbox will change. */
export function poll({ options }: Context): Step {
  return { wait: options.pollSeconds };
}

export const idle: Step = { wait: null };
