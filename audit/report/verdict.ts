import type { Report } from '../verify.ts';
import { html, type Markup } from './Markup.ts';
import { code, facts, remark, time } from './parts.ts';
import { counted, outcomeName } from './words.ts';

/** The answer, in large words, and what it is the answer to. */
export function verdictOf(report: Report): Markup {
  const { verified, study, chainId, block, contracts, history } = report;
  return html`
<header>
<p class="kind">Audit report of a federated study</p>
<h1 class="${verified ? 'good' : 'bad'}">${signOf(verified)} ${verified ? 'VERIFIED' : 'NOT VERIFIED'}</h1>
<p class="lead">${inOneSentence(report)}</p>
<p class="lead">${standingOf(report)}</p>
${reservationsOf(report)}
${facts([
  ['Study', code(study)],
  ['Plan, SHA-256', code(history.plan)],
  ['Initial model, SHA-256', code(history.initialModel)],
  ['As of block', html`${block.number} of chain ${chainId}, ${time(block.time)}`],
  ['Block hash', code(block.hash)],
  ['Taken for the chain’s', basisOf(report)],
  ['Coordinator', code(history.coordinator)],
  ['Operator', code(history.operator)],
  ['Quorum', counted(history.minIncluded, 'member')],
  ['Contract RoundLedger', code(contracts.ledger)],
  ['Contract Consortium', code(contracts.consortium)],
  ['Contract DataUse', code(contracts.dataUse)],
  ['Contract Verdicts', code(contracts.verdicts)],
])}
</header>`;
}

/** In short; the limits tell what it means. */
function basisOf({ basis }: Report): string {
  if (basis.kind === 'node') return 'on the word of the node that was asked';
  if (basis.kind === 'block') return 'as proven to this block, which the reader trusts';
  const { signers, needed } = basis.seals;
  return `as proven to this block, sealed by ${signers.length} of the trusted validators; ${needed} are needed`;
}

/** Drawn besides the words, for eyes alone. */
function signOf(verified: boolean): Markup {
  const path = verified ? 'M6 12.5l4 4 8-9' : 'M7 7l10 10M17 7L7 17';
  return html`<svg class="sign" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="11"/><path d="${path}"/></svg>`;
}

function inOneSentence({ findings, checks, history }: Report): string {
  const examined = checks.reduce((sum, check) => sum + check.examined, 0);
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  const notices = findings.length - faults;
  const found = `${faults === 0 ? 'no fault' : counted(faults, 'fault')}${notices === 0 ? '' : ` and ${counted(notices, 'notice')}`}`;
  return `${counted(examined, 'check')} of ${counted(history.rounds.length, 'recorded round')} found ${found}.`;
}

function standingOf({ final, history, findings }: Report): Markup {
  if (final) {
    return html`<strong>Final</strong>: the study is closed, every record is attested by its quorum, and no dispute is open.`;
  }
  const why = findings.find((one) => one.code === 'NOT_FINAL')?.what;
  const open = 'the study is not closed, so later rounds, attestations and disputes may follow';
  const closed = 'the study is closed, and not every record is attested by its quorum and free of disputes';
  return html`<strong>Not final</strong>: ${why ?? (history.outcome === null ? open : closed)}.`;
}

function reservationsOf({ unchecked, findings, history }: Report): Markup {
  const told = findings.some(({ implicated, severity }) => implicated === 'node' && severity === 'fault');
  const outcome = history.outcome === null ? 'open' : `closed as ${outcomeName(history.outcome)}`;
  return html`<p class="lead">The study is ${outcome}.</p>
${unchecked.length === 0 ? null : remark(html`<a href="#unchecked">${counted(unchecked.length, 'thing was', 'things were')} not checked</a>, and the verdict says nothing of ${unchecked.length === 1 ? 'it' : 'them'}.`)}
${told ? remark('The events that were given do not make up what the chain’s storage holds. The rounds, contributions and digests below are as they tell them, and are not to be relied on.') : null}`;
}
