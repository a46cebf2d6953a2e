import { openBox } from '../box.ts';
import { roundBounds } from '../round.ts';
import type { Federation, Job } from './Federation.ts';

/** Syndic: a coordinator with its database and chain, and a worker process for every client. */
export async function openSyndic({ clients, width, rounds }: Job): Promise<Federation> {
  const box = await openBox({ sites: clients, width, rounds, tell: () => undefined });
  const { database, chain } = box.consortium.services;
  return {
    server: { coordinator: box.coordinator.pid, database: database.pid, chain: chain.pid },
    clients: box.workers.map(({ pid }) => pid),
    run: async () => roundBounds((await box.run()).events),
    close: () => box.close(),
  };
}
