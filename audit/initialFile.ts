import { initialLength, initialModelPieces } from '../core/model/initialModel.ts';
import type { Plan } from '../core/plan/Plan.ts';
import type { Artifact } from './port.ts';

/** What of a plan its initial model follows from. */
export type Initial = Pick<Plan, 'seed' | 'model'>;

/** The initial model's file, made of the plan as it is read: nobody has to have kept it, and it never stands in memory whole. */
export function initialFile(plan: Initial): Artifact {
  const size = initialLength(plan);
  let pieces = initialModelPieces(plan);
  let piece: Uint8Array = new Uint8Array();
  /** Where `piece` begins. */
  let start = 0;

  function pieceAt(offset: number): Uint8Array {
    if (offset < start) {
      pieces = initialModelPieces(plan);
      [piece, start] = [new Uint8Array(), 0];
    }
    while (offset >= start + piece.length) {
      const next = pieces.next();
      if (next.done === true) return new Uint8Array();
      [piece, start] = [next.value, start + piece.length];
    }
    return piece.subarray(offset - start);
  }

  return {
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      for (let filled = 0; filled < bytes.length; ) {
        const some = pieceAt(offset + filled).subarray(0, bytes.length - filled);
        bytes.set(some, filled);
        filled += some.length;
      }
      return bytes;
    },
    close: async () => {},
  };
}
