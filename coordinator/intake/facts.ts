import { SyndicError } from '../../core/errors/SyndicError.ts';
import { decodeReport, type Report } from '../../core/manifest/Report.ts';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import { sha256 } from '../../core/sha256.ts';
import { decodeStatement, type StatementDocument } from '../../core/statements/documents.ts';
import { recover } from '../../core/statements/sign.ts';
import type { Domain } from '../../core/statements/types.ts';
import { type Address, type Digest, digest, type Instant, type StudyId, slot } from '../../core/values.ts';
import type { ChainGrant, ChainKey, ChainMember, ChainView } from '../chain/port.ts';
import type { ModelStore } from '../models/port.ts';
import { memo } from './memo.ts';
import type { UploadBegin } from './port.ts';
import type { TaskFacts } from './tasks.sql.ts';

/** What the documents of an upload say, beside what the coordinator's own books say of its task. */
export interface Claim {
  readonly task: TaskFacts;
  readonly now: Instant;
  readonly statement: StatementDocument;
  /** SHA-256 of the statement document. */
  readonly statementDigest: Digest;
  readonly report: Report;
  /** SHA-256 of the report document. */
  readonly reportDigest: Digest;
  /** Whose key made the signature, in this deployment's domain. */
  readonly signer: Address;
}

/** What plan and chain say about a claim. */
export interface Evidence extends Claim {
  readonly plan: Plan;
  readonly key: ChainKey | null;
  readonly member: ChainMember | null;
  readonly grant: ChainGrant | null;
  /** Upper bound of rows of the dataset version that the statement names; null when the grant's dataset has no such. */
  readonly versionRows: number | null;
  /** When the record that fixed the round's base was made. */
  readonly since: Instant;
}

/** @throws SyndicError DOCUMENT_INVALID, SALT_MISSING, SIGNATURE_INVALID */
export function readClaim(task: TaskFacts, begin: UploadBegin, now: Instant, domain: Domain): Claim {
  const statement = decodeStatement(begin.statement);
  const report = decodeReport(begin.report);
  return {
    task,
    now,
    statement,
    statementDigest: sha256(begin.statement),
    report,
    reportDigest: sha256(begin.report),
    signer: recover(domain, 'Update', statement.message, statement.signature),
  };
}

/** Gathers what the checks of `chainChecks` look at. Each answer that cannot change is asked for once. */
export function evidenceReader({ chain, models }: { chain: ChainView; models: ModelStore }) {
  const plans = memo<Plan>(64);
  const times = memo<Instant>(256);

  async function readPlan(hash: Digest): Promise<Plan> {
    const size = await models.size(hash);
    if (size === null) throw new SyndicError('NOT_FOUND', `the study's plan ${hash} is not in the store`);
    return loadPlan(await models.read(hash, 0, size)).plan;
  }

  /** The round's base stands since the record before it, the first one's since the study was opened. */
  async function baseFixedAt(study: StudyId, round: number): Promise<Instant> {
    if (round > 1) {
      const record = (await chain.rounds(study, round - 1)).find((candidate) => candidate.round === round - 1);
      if (record !== undefined) return record.block.timestamp;
    } else {
      const opened = await chain.study(study);
      if (opened !== null) return opened.openedAt;
    }
    throw new SyndicError('CHAIN_UNAVAILABLE', `the chain's index does not show what round ${round} builds on yet`);
  }

  return async (claim: Claim): Promise<Evidence> => {
    const { message } = claim.statement;
    const { study, round, plan: planHash } = claim.task;
    const member = slot(message.slot);
    const grant = await chain.grant(study, member);
    const [plan, key, chainMember, versionRows, since] = await Promise.all([
      plans(planHash, () => readPlan(planHash)),
      chain.key(claim.signer),
      chain.member(member),
      grant === null ? null : chain.versionRows(member, grant.dataset, digest(message.dataset)),
      times(`${study}/${round}`, () => baseFixedAt(study, round)),
    ]);
    return { ...claim, plan, key, member: chainMember, grant, versionRows, since };
  };
}
