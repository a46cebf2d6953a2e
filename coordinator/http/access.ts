import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { StudyId } from '../../core/values.ts';
import type { ChainView } from '../chain/port.ts';
import type { Artifact } from './artifacts.sql.ts';
import type { Caller, Role } from './caller.ts';

type Grants = Pick<ChainView, 'grant'>;

/** @throws SyndicError FORBIDDEN */
export function requireRole(caller: Caller, role: Role): void {
  if (caller.roles.includes(role)) return;
  throw new SyndicError(
    'FORBIDDEN',
    `this is for ${role}s, and ${caller.address} is none: the chain decides on roles`,
    {
      role,
    },
  );
}

/**
 * A study's course: its operators, auditors, and the members that joined it (whose grant, live or not, stands on chain).
 *
 * @throws SyndicError FORBIDDEN
 */
export async function requireStudyReader(chain: Grants, caller: Caller, study: StudyId): Promise<void> {
  if (await readsStudy(chain, caller, study)) return;
  throw new SyndicError('FORBIDDEN', 'this study is open to its operators, to auditors and to members that joined it', {
    study,
  });
}

/** "Who may read what" for one file of one study. */
export async function mayRead(chain: Grants, caller: Caller, artifact: Artifact): Promise<boolean> {
  switch (artifact.kind) {
    case 'plan':
      // A member reads a plan before it joins: that is how it decides.
      return true;
    case 'update':
      return caller.slot !== null && caller.slot === artifact.slot;
    case 'model':
      return caller.roles.includes('operator') || (await joined(chain, caller, artifact.study));
    case 'manifest':
    case 'statement':
    case 'receipt':
    case 'report':
      return await readsStudy(chain, caller, artifact.study);
  }
}

async function readsStudy(chain: Grants, caller: Caller, study: StudyId): Promise<boolean> {
  if (caller.roles.includes('operator') || caller.roles.includes('auditor')) return true;
  return await joined(chain, caller, study);
}

async function joined(chain: Grants, caller: Caller, study: StudyId): Promise<boolean> {
  return caller.slot !== null && (await chain.grant(study, caller.slot)) !== null;
}
