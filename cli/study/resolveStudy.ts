import { SyndicError } from '../../core/errors/SyndicError.ts';
import { isDigest, type StudyId } from '../../core/values.ts';
import type { CoordinatorClient } from '../http/CoordinatorClient.ts';

/** A study by its id, or by the beginning of it when only one begins so. @throws SyndicError USAGE, NOT_FOUND */
export async function resolveStudy(client: CoordinatorClient, text: string): Promise<StudyId> {
  const wanted = text.toLowerCase();
  if (isDigest(wanted)) return wanted;
  if (!/^0x[0-9a-f]{4,63}$/.test(wanted)) {
    throw new SyndicError('USAGE', `${text} is no study: give its id, or at least 0x and its first four hex digits`);
  }
  const found = (await client.list()).map(({ id }) => id).filter((id) => id.startsWith(wanted));
  const [first, second] = found;
  if (first === undefined) throw new SyndicError('NOT_FOUND', `no study begins with ${text}: see syndic study list`);
  if (second === undefined) return first;
  throw new SyndicError('USAGE', `${found.length} studies begin with ${text}: give more of the id`, { found });
}
