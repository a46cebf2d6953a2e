import { advance } from './advance.ts';
import { answer } from './answer.ts';
import { checkChain } from './checkChain.ts';
import { type Context, createContext, type StudiesModules, type StudiesOptions } from './context.ts';
import { openStudy } from './open.ts';
import { orderAbort, orderPause, orderResume, orderStart } from './orders.ts';
import type { Studies as Port } from './port.ts';
import { events, list, show, unfinished } from './queries.sql.ts';
import { deleteOldUpdates } from './retention.ts';
import { heartbeat, refuse, tasksFor } from './tasks.ts';

/**
 * The studies of one coordinator. All state is in the database, the store and the chain: any number of these may work
 * on the same studies, and one that is killed leaves nothing that another cannot take up.
 */
export class Studies implements Port {
  readonly #context: Context;

  constructor(options: StudiesOptions, modules: StudiesModules) {
    this.#context = createContext(options, modules);
  }

  advance: Port['advance'] = (study) => advance(this.#context, study);
  /**
   * Compares every study with the chain, before any work is taken.
   *
   * @throws SyndicError CHAIN_AHEAD
   */
  checkChain = (): Promise<void> => checkChain(this.#context);
  /** Deletes members' updates whose time of keeping is over. */
  deleteOldUpdates = (): Promise<void> => deleteOldUpdates(this.#context);
  unfinished: Port['unfinished'] = () => unfinished(this.#context);
  open: Port['open'] = (order) => openStudy(this.#context, order);
  start: Port['start'] = (study, by) => orderStart(this.#context, study, by);
  pause: Port['pause'] = (study, by) => orderPause(this.#context, study, by);
  resume: Port['resume'] = (study, by) => orderResume(this.#context, study, by);
  abort: Port['abort'] = (study, by, reason) => orderAbort(this.#context, study, by, reason);
  list: Port['list'] = () => list(this.#context);
  show: Port['show'] = (study) => show(this.#context, study);
  events: Port['events'] = (study, after, limit) => events(this.#context, study, after, limit);
  tasksFor: Port['tasksFor'] = (slot) => tasksFor(this.#context, slot);
  heartbeat: Port['heartbeat'] = (slot, tasks) => heartbeat(this.#context, slot, tasks);
  refuse: Port['refuse'] = (slot, task, code, message) => refuse(this.#context, slot, task, code, message);
  answer: Port['answer'] = (verdict) => answer(this.#context, verdict);
}
