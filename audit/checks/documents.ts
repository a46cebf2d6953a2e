import { strategies } from '../../core/aggregate/strategies.ts';
import { toSyndicError } from '../../core/errors/SyndicError.ts';
import { decodeManifest, type Manifest, type ManifestEntry } from '../../core/manifest/Manifest.ts';
import { loadPlan } from '../../core/plan/loadPlan.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import { MAX_PLAN_TEXT } from '../../core/plan/parsePlanText.ts';
import { STATUS } from '../../core/statements/ledger.ts';
import type { Digest } from '../../core/values.ts';
import type { Audit, PlannedAudit } from '../Audit.ts';
import type { SlotEntry } from '../events.ts';
import { MOST } from '../Files.ts';
import type { Implicated } from '../findings.ts';
import type { HistoryRound } from '../replay.ts';

interface Wanted<T> {
  readonly what: string;
  readonly digest: Digest;
  readonly most: number;
  readonly decode: (bytes: Uint8Array) => T;
  readonly implicated: Implicated;
  readonly round?: number;
  readonly slot?: number;
}

/** Finds, hashes and decodes one document. Null, and a finding, where that fails. */
export async function readDocument<T>({ files, findings }: Audit, wanted: Wanted<T>): Promise<T | null> {
  const { what, digest, most, decode, implicated, round, slot } = wanted;
  const where = { ...(round === undefined ? {} : { round }), ...(slot === undefined ? {} : { slot }) };
  const sought = await files.document(digest, most);
  findings.examine('a document has the SHA-256 that it is named by');
  if (sought.state === 'missing') {
    const told = `${what} ${digest} is in none of the places given`;
    findings.add('DOCUMENT_MISSING', { ...where, what: told, implicated: 'store' });
    return null;
  }
  if (sought.state === 'damaged') {
    const told = `${what}: the file named ${digest} has other bytes`;
    findings.add('FILE_DAMAGED', { ...where, what: told, implicated: 'store' });
    return null;
  }
  if (sought.state === 'long') {
    const told = `${what} ${digest} has more than the ${most} bytes that it may have`;
    findings.add('DOCUMENT_MALFORMED', { ...where, what: told, implicated });
    return null;
  }
  try {
    return decode(sought.value);
  } catch (thrown) {
    const { message } = toSyndicError(thrown);
    findings.add('DOCUMENT_MALFORMED', { ...where, what: `${what} ${digest}: ${message}`, implicated });
    return null;
  }
}

/** The study's plan, held against what the ledger has of it. Null, and a finding, when it cannot be read. */
export async function checkPlan(audit: Audit): Promise<Plan | null> {
  const { study, findings } = audit;
  const checked = await readDocument(audit, {
    ...{ what: 'the plan', digest: study.plan, most: MAX_PLAN_TEXT, decode: loadPlan, implicated: 'operator' },
  });
  if (checked === null) return null;
  findings.examine('the plan is the one that the study was opened with');
  const what = 'the quorum on chain is not the plan’s';
  findings.compare('PLAN_MISMATCH', checked.plan.quorum, study.minIncluded, { what, implicated: 'operator' });
  return checked.plan;
}

/** A round's manifest, held against its record and the plan. Null, and a finding, when it cannot be read. */
export async function checkManifest(audit: PlannedAudit, round: HistoryRound): Promise<Manifest | null> {
  const { findings, id, study, plan } = audit;
  const manifest = await readDocument(audit, {
    ...{ what: 'the manifest', digest: round.manifest, most: MOST.manifest, decode: decodeManifest },
    ...{ implicated: 'coordinator', round: round.round },
  });
  if (manifest === null) return null;
  findings.examine('a manifest says what its record says');
  const wrong = (what: string, expected: string | number, found: string | number) =>
    findings.compare('MANIFEST_MISMATCH', expected, found, {
      ...{ round: round.round, implicated: 'coordinator' },
      what: `the manifest of round ${round.round}: ${what} is not the record's`,
    });
  wrong('study', id, manifest.study);
  wrong('round', round.round, manifest.round);
  wrong('outcome', round.outcome, manifest.outcome);
  wrong('plan', study.plan, manifest.plan);
  wrong('base model', round.baseModel, manifest.baseModel);
  wrong('global model', round.globalModel, manifest.globalModel);
  wrong('strategy', plan.strategy.name, manifest.strategy.name);
  // All were selected: the only way there is to say otherwise is not known to this release.
  wrong('number of members not selected', notSelected(round), 0);
  if (!wrong('number of entries', round.entries.length, manifest.entries.length)) return null;
  const fits = round.entries.every((entry, i) => {
    const named = manifest.entries[i] as ManifestEntry;
    const told = `${named.slot}, ${named.status}, ${named.reason}, weight ${named.weight ?? 'none'}`;
    const due = `${entry.slot}, ${entry.status}, ${entry.reason}, weight ${weightOf(entry, plan) ?? 'none'}`;
    return wrong(`entry ${i} (slot, status, reason, weight)`, due, told);
  });
  return fits ? manifest : null;
}

function notSelected({ entries }: HistoryRound): number {
  return entries.filter(({ status }) => status === STATUS.NOT_SELECTED).length;
}

/** What the plan's strategy makes of an entry; undefined of one that is not included. */
function weightOf(entry: SlotEntry, plan: Plan): number | undefined {
  return entry.status === STATUS.INCLUDED ? strategies[plan.strategy.name].weightOf(entry, plan) : undefined;
}
