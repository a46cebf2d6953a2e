import { inTurn } from '../core/inTurn.ts';
import type { ReceiptDocument } from '../core/statements/documents.ts';
import type { Address, Digest, StudyId } from '../core/values.ts';
import { type Audit, type Contribution, contributionsOf } from './Audit.ts';
import { checkManifest, checkPlan } from './checks/documents.ts';
import { checkOtherFiles } from './checks/files.ts';
import { checkCode, checkHistory, checkTotals } from './checks/history.ts';
import { checkInitialModel, checkModel, remakeJob } from './checks/models.ts';
import { checkGivenReceipts } from './checks/receipts.ts';
import { checkRosters, type Grants, readGrants } from './checks/roster.ts';
import { checkStatements, remembering } from './checks/statements.ts';
import { checkVerdicts } from './checks/verdicts.ts';
import type { ContractAddresses } from './code.ts';
import { Files } from './Files.ts';
import type { Finding, Unchecked } from './findings.ts';
import { openAudit } from './openAudit.ts';
import type { Artifacts, AuditedChain } from './port.ts';
import { type Remade, type RemakeJob, type Remaking, remake } from './remake.ts';
import type { HistoryRound, StudyHistory } from './replay.ts';
import type { Basis } from './trust.ts';

export interface Request {
  readonly chain: AuditedChain;
  readonly ledger: Address;
  readonly study: StudyId;
  /** Wherever the reader has copies; each file is taken from the first that has it whole. */
  readonly artifacts: readonly Artifacts[];
  /** Receipts that the reader holds itself: whoever was left out has one that no manifest names. */
  readonly receipts?: readonly ReceiptDocument[];
  /** Why the chain's state is taken for the chain's. Left out: the node says so. */
  readonly basis?: Basis;
  /** Documents and models of rounds before this one are not looked at again. Left out: of all. */
  readonly from?: number;
  /** Where models are made anew. Left out: here, one after the other. */
  readonly remaking?: Remaking;
  /** Called before each step that may take long. */
  readonly onProgress?: (step: Progress) => void;
  /** Called with each document that was read whole. */
  readonly onDocument?: (digest: Digest, bytes: Uint8Array) => void;
}

export interface Progress {
  readonly what: string;
  readonly round?: number;
  readonly of?: number;
}

/** Everything that a report is made of. */
export interface Report {
  readonly study: StudyId;
  readonly chainId: number;
  readonly block: AuditedChain['block'];
  readonly contracts: ContractAddresses;
  readonly basis: Basis;
  /** No fault was found. What was not checked is listed, not believed. */
  readonly verified: boolean;
  /** Closed, every record attested by the quorum, and no dispute open. */
  readonly final: boolean;
  readonly findings: readonly Finding[];
  readonly unchecked: readonly Unchecked[];
  readonly checks: readonly { readonly check: string; readonly examined: number }[];
  readonly history: StudyHistory;
  readonly contributions: readonly Contribution[];
}

/**
 * Establishes from the chain and from artifacts alone who contributed what to which model: nothing of it is taken on the
 * coordinator's word, and nothing of a node that the chain's storage does not hold.
 *
 * @throws SyndicError NOT_FOUND when the ledger knows no such study; CHAIN_UNAVAILABLE; of a
 * receipt given, WRONG_STUDY when it is of another study, RECEIPT_INVALID when no key of the coordinator signed it
 */
export async function verify(request: Request): Promise<Report> {
  const { chain, ledger, study: id, artifacts, receipts = [], from = 1, basis = { kind: 'node' } } = request;
  const { onProgress = () => {}, onDocument } = request;
  const files = new Files(artifacts, onDocument);
  const turn = inTurn<'models'>();
  const { remaking = (job) => turn('models', () => remake(files, job)) } = request;
  onProgress({ what: 'reading the chain' });
  const told = await openAudit(chain, ledger, id, files);
  const { contracts, history, findings } = told;
  await checkCode(told);
  const { rounds, whole } = await checkHistory(told);
  // From here on, of what the node tells only what storage bears out.
  const audit: Audit = { ...told, history: { ...history, rounds } };
  onProgress({ what: 'reading grants' });
  const grants = await readGrants(audit);
  if (whole) {
    await checkTotals(audit);
    checkRosters(audit, grants);
  } else {
    const why = 'events are missing, or are not those of the chain: ask another node';
    findings.skip({ what: 'rosters, grants, totals and the rounds that events do not make up were not checked', why });
  }
  const models = await checkRounds(audit, grants, { from, remaking, onProgress });
  await checkGivenReceipts(audit, receipts);
  onProgress({ what: 'reading what members said' });
  const { final } = await checkVerdicts(audit, [...grants.keys()]);
  await models();
  return {
    ...{ study: id, chainId: chain.chainId, block: chain.block, contracts, basis, final },
    verified: findings.found.every(({ severity }) => severity === 'notice'),
    findings: findings.found,
    unchecked: findings.unchecked,
    checks: findings.checks,
    history,
    contributions: contributionsOf(audit.history),
  };
}

/** @returns what is left to do of models, which are being made anew meanwhile */
async function checkRounds(
  audit: Audit,
  grants: Grants,
  { from, remaking, onProgress }: Required<Pick<Request, 'from' | 'remaking' | 'onProgress'>>,
): Promise<() => Promise<void>> {
  const { history, findings } = audit;
  const plan = await checkPlan(audit);
  if (plan === null) {
    const why = 'the plan could not be read';
    findings.skip({ what: 'manifests, statements, receipts and models were not checked', why });
    return async () => {};
  }
  const planned = { ...audit, plan };
  const follows = checkInitialModel(planned);
  if (from > 1) {
    const why = 'they were looked at before';
    findings.skip({ what: `documents and models of the rounds before round ${from} were not checked`, why });
  }
  const known = remembering(audit);
  const models: Model[] = [];
  for (const round of history.rounds) {
    if (round.round < from) continue;
    onProgress({ what: 'checking round', round: round.round, of: history.rounds.length });
    const manifest = await checkManifest(planned, round);
    if (manifest === null) {
      const why = 'its manifest could not be read, or is not its record’s';
      findings.skip({
        what: 'statements, receipts and the model of the round were not checked',
        why,
        round: round.round,
      });
      continue;
    }
    const job = remakeJob(planned, round, manifest, follows);
    if (job !== null) models.push({ round, job, remade: begun(remaking, job) });
    await checkStatements(planned, round, manifest, { grants, known });
  }
  return async () => {
    for (const { round, job, remade } of models) {
      onProgress({ what: 'making the model anew of round', round: round.round, of: history.rounds.length });
      checkModel(planned, round, job, await remade);
    }
    const looked = new Set(models.flatMap(({ job }) => [job.base, ...job.updates.map(({ update }) => update)]));
    await checkOtherFiles(planned, from, looked);
  };
}

/** A global model that is being made anew while the next rounds' documents are read. */
interface Model {
  readonly round: HistoryRound;
  readonly job: RemakeJob;
  readonly remade: Promise<Remade>;
}

function begun(remaking: Remaking, job: RemakeJob): Promise<Remade> {
  const remade = remaking(job);
  // Whoever awaits it hears of it; until then it is nobody's.
  remade.catch(() => {});
  return remade;
}
