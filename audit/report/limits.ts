import { OUTCOME } from '../../core/statements/entries.ts';
import type { Report } from '../verify.ts';
import { html, type Markup } from './Markup.ts';
import { code, section, time } from './parts.ts';
import { counted } from './words.ts';

/** The check that counts models made anew. */
const MADE_ANEW = 'a global model, made anew from its base and updates, is the one on record';

/** What the verdict rests on, what it says nothing of, and what would change it. */
export function limitsOf(report: Report): Markup {
  const { block, study, history } = report;
  const completed = history.rounds.filter(({ outcome }) => outcome === OUTCOME.COMPLETED).length;
  const made = report.checks.find(({ check }) => check === MADE_ANEW)?.examined ?? 0;
  const placed = history.rounds.some(({ transaction }) => transaction !== null);
  return section(
    'limits',
    'What this report rests on, and its limits',
    html`<h3>What was believed</h3>
<ul>
${beliefOf(report)}
${placed ? html`<li>Of events, the transactions’ hashes and the numbers of blocks: neither storage nor a proof holds them.</li>\n` : null}</ul>
<h3>What was not believed</h3>
<ul>
<li>Events. Record hashes and heads were computed anew from them and held against storage.</li>
<li>The coordinator, and whoever stores files. Every file that was read was hashed; signatures were recovered and held
against the keys that the chain lists.</li>
</ul>
<h3>What this report does not establish</h3>
<ul>
<li>That members trained as the plan says. Training at a hospital cannot be computed anew by anybody else, because its
rows never leave it. What is established is who signed which update under which grant, and what was made of the
updates.</li>
<li>How many rows were trained on. Samples are what members declared, at most what the plan allows and the version of
the dataset that they anchored; the rows of a version are their own word too.</li>
<li>More models than were made anew: ${made} of ${counted(completed, 'completed round')}.</li>
<li>Anything after block ${block.number}.</li>
</ul>
<h3>What would change it later</h3>
<ul>
${reorganisationOf(report)}
<li>A key that is later revoked as compromised: statements and receipts signed with it would then be told as notices
(KEY_COMPROMISED, RECEIPT_SILENCED).</li>
<li>Attestations, disputes and proven omissions, which may still come; further rounds, while the study is open.</li>
</ul>
<p>This page is not signed, and anybody can change a copy of it. Whoever has to rely on it runs the verifier:
${code(`syndic audit verify ${study}`)}.</p>`,
  );
}

/** Why the chain's state was taken for the chain's. */
function beliefOf({ basis, block, chainId }: Report): Markup {
  const state = html`the storage and code of the contracts on chain ${chainId} as of block ${block.number} (${code(block.hash)},
${time(block.time)})`;
  if (basis.kind === 'node') {
    return html`<li>One node: ${state} are as it answered, without proofs. A node that made all of it up would have been
believed. Use a node of your own, and compare the block’s hash with what others have.</li>`;
  }
  const proven = html`${state} were proven to belong to that block, and no node was asked`;
  if (basis.kind === 'block') {
    return html`<li>The block’s hash, which whoever made this report gave as one to trust: ${proven}. Compare the hash with
what others have.</li>`;
  }
  const { signers, needed } = basis.seals;
  const validators = signers.map((one) => html`<br>${code(one)}`);
  return html`<li>Validators (${basis.consensus}) that whoever made this report gave as ones to trust: ${proven}. The block
carries the seals of ${signers.length} of them; ${needed} are needed:${validators}</li>`;
}

function reorganisationOf({ basis, block }: Report): Markup {
  if (basis.kind === 'validators' && !basis.probabilistic) {
    return html`<li>Nothing takes block ${block.number} back, unless more of those validators break their rules than their
consensus bears.</li>`;
  }
  return html`<li>A reorganisation of the chain that drops block ${block.number}, as long as it is not final where the
consortium runs its chain: ask a node whether the block of that number still has the hash above.</li>`;
}
