import { describe, expect, test } from '@jest/globals';
import type { MemberVerdict } from '../../../../coordinator/studies/port.ts';
import { DISPUTE_REASON } from '../../../../core/statements/disputeReasons.ts';
import { digest, round, type StudyId, slot } from '../../../../core/values.ts';
import { VERDICTS } from '../../../support/studies/FakeAnchor.ts';
import type { Rig } from '../../../support/studies/rig.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();
const one = round(1);

/** A study whose first round stands on chain. */
async function anchored(rig: Rig): Promise<StudyId> {
  const study = await rig.running();
  for (const member of [1, 2, 3]) await rig.deliver(member);
  await rig.settle(study);
  expect(rig.recordOf(study, 1)).toBeDefined();
  return study;
}

async function eventsOf(rig: Rig, study: StudyId) {
  const events = await rig.studies.events(study, 0, 1000);
  return events.flatMap(({ type, round, slot }) =>
    type === 'round.attested' || type === 'round.disputed' ? [[type, round, slot]] : [],
  );
}

describe('a verdict of a member', () => {
  test('is relayed to the contract, and the same again tells what became of it', async () => {
    const rig = await rigOf();
    const study = await anchored(rig);
    const verdict = rig.verdictOf(study, 1, 2);
    expect(await rig.studies.answer(verdict)).toEqual({ state: 'taken', error: null });
    expect(await rig.studies.answer(verdict)).toEqual({ state: 'taken', error: null });
    await rig.anchor.tick();
    expect(await rig.studies.answer(verdict)).toEqual({ state: 'final', error: null });
    expect([...rig.ledger.verdicts]).toEqual([[`${study}/1/2`, 0]]);
    expect(await eventsOf(rig, study)).toEqual([['round.attested', 1, 2]]);
  });

  test('may be a dispute with its reason', async () => {
    const rig = await rigOf();
    const study = await anchored(rig);
    await rig.studies.answer(rig.verdictOf(study, 1, 3, { reason: DISPUTE_REASON.update }));
    await rig.anchor.tick();
    expect([...rig.ledger.verdicts]).toEqual([[`${study}/1/3`, 1]]);
    expect(await eventsOf(rig, study)).toEqual([['round.disputed', 1, 3]]);
  });

  test('holds nothing up: the study goes on and ends while the chain takes none', async () => {
    const rig = await rigOf();
    rig.anchor.refuse.set('attest', 'NotTheMember');
    rig.anchor.refuse.set('dispute', 'NotTheMember');
    const study = await anchored(rig);
    await rig.studies.answer(rig.verdictOf(study, 1, 1));
    await rig.studies.answer(rig.verdictOf(study, 1, 2, { reason: 4 }));
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({ state: 'closed', completed: 2 });
    await rig.studies.answer(rig.verdictOf(study, 2, 1));
    expect(await rig.anchor.status(study, 'attest', round(2), slot(1))).toMatchObject({ state: 'pending' });
  });

  test('that the chain refused is tried again, and its member told why', async () => {
    const rig = await rigOf();
    const study = await anchored(rig);
    const verdict = rig.verdictOf(study, 1, 1);
    rig.anchor.refuse.set('attest', 'NotTheMember');
    await rig.studies.answer(verdict);
    await rig.anchor.tick();
    rig.anchor.refuse.clear();
    expect(await rig.studies.answer(verdict)).toEqual({ state: 'refused', error: 'NotTheMember()' });
    await rig.anchor.tick();
    expect(await rig.studies.answer(verdict)).toEqual({ state: 'final', error: null });
    expect(await eventsOf(rig, study)).toHaveLength(1);
  });

  test('of a round whose record is not final here is not taken yet', async () => {
    const rig = await rigOf();
    const study = await anchored(rig);
    expect(await rig.studies.answer(rig.verdictOf(study, 2, 1))).toEqual({ state: 'waiting', error: null });
    expect(await rig.anchor.status(study, 'attest', round(2), slot(1))).toBeNull();
  });

  const stranger = digest(`0x${'09'.repeat(32)}`);
  const faults: readonly [what: string, code: string, make: (rig: Rig, study: StudyId) => MemberVerdict][] = [
    ['that another member signed', 'SIGNATURE_INVALID', (rig, study) => rig.verdictOf(study, 1, 1, {}, 2)],
    [
      'whose reason is not the one that was signed',
      'SIGNATURE_INVALID',
      (rig, study) => ({ ...rig.verdictOf(study, 1, 1, { reason: 1 }), reason: 2 }),
    ],
    [
      'whose signature is none',
      'SIGNATURE_INVALID',
      (rig, study) => ({ ...rig.verdictOf(study, 1, 1), signature: '0x' as MemberVerdict['signature'] }),
    ],
    ['of a study that is not here', 'NOT_FOUND', (rig) => rig.verdictOf(stranger, 1, 1)],
    ['of another record', 'WRONG_RECORD', (rig, study) => rig.verdictOf(study, 1, 1, { recordHash: stranger })],
    ['by a member who never joined', 'FORBIDDEN', (rig, study) => rig.verdictOf(study, 1, 4)],
  ];

  test.each(faults)('%s is refused with %s, and nothing goes to the chain', async (_what, code, make) => {
    const rig = await rigOf();
    const study = await anchored(rig);
    await expect(rig.studies.answer(make(rig, study))).rejects.toMatchObject({ code });
    const rows = rig.db.selectFrom('outbox').select('kind').where('kind', 'in', ['attest', 'dispute']);
    expect(await rows.execute()).toEqual([]);
    expect(await eventsOf(rig, study)).toEqual([]);
  });

  const others: readonly [what: string, first: number, ticks: boolean, second: number][] = [
    ['a dispute after an attestation that is on its way', 0, false, 1],
    ['a dispute after an attestation that stands', 0, true, 1],
    ['an attestation after a dispute that is on its way', 1, false, 0],
    ['a dispute for another reason', 1, false, 2],
    ['a dispute for another reason than the one that stands', 1, true, 2],
  ];

  test.each(others)('counts once: %s is refused', async (_what, first, ticks, second) => {
    const rig = await rigOf();
    const study = await anchored(rig);
    await rig.studies.answer(rig.verdictOf(study, 1, 1, { reason: first }));
    if (ticks) await rig.anchor.tick();
    const another = rig.studies.answer(rig.verdictOf(study, 1, 1, { reason: second }));
    await expect(another).rejects.toMatchObject({ code: 'VERDICT_CONFLICT' });
    expect(await eventsOf(rig, study)).toHaveLength(1);
  });

  test('may follow a dispute that stands, which may be closed by now: the chain judges', async () => {
    const rig = await rigOf();
    const study = await anchored(rig);
    await rig.studies.answer(rig.verdictOf(study, 1, 1, { reason: 1 }));
    await rig.anchor.tick();
    const attest = rig.verdictOf(study, 1, 1);
    expect(await rig.studies.answer(attest)).toEqual({ state: 'taken', error: null });
    await rig.anchor.tick();
    const { state, error } = await rig.studies.answer(attest);
    expect([state, error?.startsWith('VerdictGiven(')]).toEqual(['refused', true]);
    expect(await rig.anchor.status(study, 'dispute', one, slot(1))).toMatchObject({ state: 'final' });
  });

  test('is for the contract that the ledger names, and for no other', async () => {
    const rig = await rigOf();
    expect(rig.anchor.verdicts).toBe(VERDICTS);
    expect(rig.ledger.contracts.ledger).not.toBe(VERDICTS);
  });
});
