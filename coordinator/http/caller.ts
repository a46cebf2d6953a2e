import type { Address, Slot } from '../../core/values.ts';

export type Role = 'operator' | 'member' | 'auditor';

/** Who a session belongs to, with the roles that the chain gave when it began. */
export interface Caller {
  readonly address: Address;
  readonly roles: readonly Role[];
  /** The member whose account or key `address` is. */
  readonly slot: Slot | null;
  /** SHA-256 of the session's token. */
  readonly session: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null only on routes that need no session. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** Set on the few routes that need no session. */
    open?: true;
  }
}
