import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { openJournal } from '../../worker/journal/file.ts';
import type { AnswerWorld } from './answerWorld.ts';
import { temporaryFolders } from './temporaryFolder.ts';

/** Workers' folders for a test file, whose journals are closed after each test. */
export function answerSites() {
  const folder = temporaryFolders();
  const open: Awaited<ReturnType<typeof openJournal>>[] = [];
  const closeAll = async () => {
    for (const journal of open.splice(0)) await journal.close();
  };
  afterEach(closeAll);

  /** A worker's folder, whose journal is opened anew for each start. */
  async function site(world: AnswerWorld, ...rounds: number[]) {
    const dir = await folder();
    const records = join(dir, 'records');
    const start = async () => {
      await closeAll();
      const journal = await openJournal(join(dir, 'journal'));
      open.push(journal);
      return { journal, answers: world.answers(journal, records) };
    };
    const { journal } = await start();
    for (const round of rounds) await world.delivered(journal, round);
    return { dir, records, start };
  }

  return { folder, site };
}
