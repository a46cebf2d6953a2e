import { RandomStream } from '../../../core/random/RandomStream.ts';
import { TRANSITIONS } from './transitions.ts';

export const VICTIMS = ['coordinator', 'worker', 'both'] as const;
/** Who gets SIGKILL: the coordinator or, while it runs in its place, the recovery; every worker; or all of them. */
export type Victim = (typeof VICTIMS)[number];

export const QUEUES = ['PostgreSQL', 'Redis'] as const;
export type QueueName = (typeof QUEUES)[number];

/** One square of the crash matrix. */
export interface Cell {
  /** The transition right after whose commit the victims die. */
  readonly point: string;
  readonly victim: Victim;
  readonly queue: QueueName;
}

/** Every transition with every victim. */
export function matrix(queue: QueueName): Cell[] {
  return TRANSITIONS.flatMap((point) => VICTIMS.map((victim) => ({ point, victim, queue })));
}

export function nameOf({ point, victim, queue }: Cell): string {
  return `${point}, ${victim}, ${queue}`;
}

/** Cells drawn by `seed`: of as many machines as there are cells, in a random order, a random one each. */
export function sample(seed: number, queue: QueueName, count: number): Cell[] {
  const cells = matrix(queue);
  RandomStream.of(seed, `test.crash.${queue}`).shuffle(cells);
  const machineOf = ({ point }: Cell) => point.split('.')[0];
  const first = cells.filter((cell, i) => cells.findIndex((other) => machineOf(other) === machineOf(cell)) === i);
  return first.slice(0, count);
}
