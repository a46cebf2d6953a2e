import { Command } from 'commander';
import { type CheckedHistory, readHistories } from '../../audit/history.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Slot, StudyId } from '../../core/values.ts';
import { digestArgument, slotArgument } from '../chain/options.ts';
import { printJson } from '../output.ts';
import { asJson } from './asJson.ts';
import { type ChainSource, chainSource, onAuditedChain, withChainOptions } from './options.ts';
import { showHistories } from './showHistories.ts';

type Options = Partial<ChainSource> & {
  readonly study?: StudyId;
  readonly member?: Slot;
  readonly json?: boolean;
};

export function historyCommand(): Command {
  return withChainOptions(new Command('history'))
    .description(
      'who contributed what, from the chain alone: every hash is made anew from events and held against storage; exits with 9 when they disagree',
    )
    .option('--study <id>', 'only this study (default: every study)', digestArgument)
    .option('--member <slot>', 'only what this member gave', slotArgument)
    .option('--json', 'print JSON')
    .action(async ({ study, member, json, ...source }: Options) => {
      const told = await onAuditedChain(chainSource(source), 0, async (chain, ledger) => {
        const { chainId, block } = chain;
        return { chainId, ledger, block, studies: await readHistories(chain, ledger, { study, member }) };
      });
      const { studies, block, ...place } = told;
      const shown = studies.map((history) => onlyOf(history, member));
      const verified = studies.every((history) => history.verified);
      if (json) printJson(asJson({ ...place, block, verified, studies: shown }));
      else showHistories(shown, block.number);
      if (!verified) throw untrue(studies);
    });
}

function onlyOf(history: CheckedHistory, member: Slot | undefined): CheckedHistory {
  if (member === undefined) return history;
  const rounds = history.rounds
    .map((round) => ({ ...round, entries: round.entries.filter(({ slot }) => slot === member) }))
    .filter(({ entries }) => entries.length > 0);
  return { ...history, rounds, totals: history.totals.filter(({ slot }) => slot === member) };
}

function untrue(studies: readonly CheckedHistory[]): SyndicError {
  const faults = studies.flatMap(({ study, faults }) => faults.map((message) => ({ path: `study ${study}`, message })));
  const advice = 'ask another node; when it tells the same, see the findings of `audit verify`';
  return new SyndicError('AUDIT_FAILED', `the chain's events and its storage do not agree: ${advice}`, { faults });
}
