import { describe, expect, test } from '@jest/globals';
import { digest, slot } from '../../../../core/values.ts';
import { copyOf, emptyDatabase, lasting, midRound, slots, threeRounds, useOtherDatabase } from './otherDatabase.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();
useOtherDatabase();

describe('recovering an old copy', () => {
  test('takes over what was recorded since, from the midst of a round on', async () => {
    const rig = await rigOf(threeRounds);
    const study = await rig.running();
    await rig.deliver(1);
    await rig.offered(2);
    const points: string[] = [];
    const copy = rig.over(await copyOf(rig), (point) => points.push(point));
    for (const member of [2, 3]) await rig.deliver(member);
    await rig.settle(study);
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    await rig.deliver(2);

    await expect(copy.studies.checkChain()).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
    expect(await copy.recover()).toMatchObject({ studies: [{ rounds: 2, open: 3 }] });
    expect(points.slice(0, 4)).toEqual([
      'study.adopted',
      'round.collecting.adopted',
      'task.offered.adopted',
      'round.adopted',
    ]);
    const [before, after] = [await rig.studies.show(study), await copy.studies.show(study)].map(lasting);
    expect(after?.attempts.slice(0, 2)).toEqual(before?.attempts.slice(0, 2));
    await copy.present(slot(2), [await rig.held(study, 3, 2)], true);
    for (const member of slots([1, 3])) await copy.present(member, [], true);
    await copy.settle(study);
    expect((await copy.studies.show(study)).attempts[2]?.tasks.map(({ state }) => state)).toEqual([
      'offered',
      'accepted',
      'offered',
    ]);
  });

  test('waits with closing the round that it knows, though its deadline is over, until members have shown theirs', async () => {
    const rig = await rigOf(threeRounds);
    const study = await rig.running();
    await rig.deliver(1);
    const copy = rig.over(await copyOf(rig));
    await rig.deliver(2);
    rig.clock.seconds += 3600;
    expect(await copy.recover()).toMatchObject({ studies: [{ rounds: 0, open: 1 }] });
    await copy.settle(study);
    expect((await copy.studies.show(study)).attempts).toMatchObject([{ state: 'collecting' }]);
    await copy.present(slot(2), [await rig.held(study, 1, 2)], true);
    await copy.present(slot(3), [], true);
    await copy.settle(study);
    expect(rig.recordOf(study, 1)?.entries.map(({ status }) => status)).toEqual([1, 1, 0]);
  });

  test('adopts an unknown receipt without having been recovered at all, as long as the round is open', async () => {
    const rig = await rigOf(threeRounds);
    const study = await rig.running();
    const copy = rig.over(await copyOf(rig));
    await rig.deliver(1);
    await expect(copy.studies.checkChain()).resolves.toBeUndefined();
    const held = await rig.held(study, 1, 1);
    expect(await copy.present(slot(1), [held], true)).toEqual([{ fault: null, wanted: null }]);
    expect(await copy.present(slot(1), [held], true)).toEqual([{ fault: null, wanted: null }]);
    expect(await copy.studies.tasksFor(slot(1))).toEqual([]);
    const events = await copy.studies.events(study, 0, 100);
    expect(events.map(({ type }) => type)).toEqual(['update.adopted']);
  });

  test('follows a study to the end that the ledger has seen', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const copy = rig.over(await copyOf(rig));
    await rig.studies.abort(study, rig.operator, 'no longer wanted');
    await rig.settle(study);
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 3 });
    expect(await copy.recover()).toMatchObject({ studies: [{ state: 'closed', rounds: 1, open: null }] });
    await copy.settle(study);
    expect(await copy.studies.show(study)).toMatchObject({ state: 'closed', attempts: [{ outcome: 3 }] });
  });

  test('ends the sessions that the copy holds, and forgets its nonces', async () => {
    const rig = await rigOf();
    await rig.running();
    const { db, recover } = rig.over(await copyOf(rig));
    const one = { key: 'k', slot: 1, capabilities: null, expires: rig.clock.seconds + 100 };
    await db
      .insertInto('sessions')
      .values({ ...one, token_hash: 't', role: 'worker' })
      .execute();
    await db
      .insertInto('nonces')
      .values({ ...one, nonce: 'n' })
      .execute();
    await recover();
    expect(await db.selectFrom('sessions').selectAll().execute()).toEqual([]);
    expect(await db.selectFrom('nonces').selectAll().execute()).toEqual([]);
  });
});

describe('recovery refuses, and writes nothing,', () => {
  test('when the store lacks a file, naming it', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const manifest = digest(rig.recordOf(study, 2)?.manifest ?? '');
    rig.models.files.delete(manifest);
    const again = rig.over(await emptyDatabase());
    await expect(again.recover()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(manifest),
    });
    expect(await again.studies.list()).toEqual([]);
  });

  test('when a manifest in the store is not what the record names', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const manifest = digest(rig.recordOf(study, 2)?.manifest ?? '');
    rig.models.files.set(manifest, rig.models.bytes(digest(rig.recordOf(study, 1)?.manifest ?? '')));
    const again = rig.over(await emptyDatabase());
    await expect(again.recover()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await again.studies.list()).toEqual([]);
  });

  test('when the node is behind the database', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const known = rig.ledger.studies.get(study);
    if (known === undefined) throw new Error('no study');
    rig.ledger.studies.set(study, { ...known, lastRound: 1 });
    await expect(rig.over(rig.db).recover()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
  });

  test('when the database has another record final than the chain', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    await rig.db
      .updateTable('rounds')
      .set({ manifest: `0x${'77'.repeat(32)}` })
      .where('study', '=', study)
      .where('round', '=', 1)
      .execute();
    await expect(rig.over(rig.db).recover()).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });
});

describe('an adopted receipt whose update the store lost', () => {
  test('keeps the round waiting for its bytes, and is excluded by name when they do not come', async () => {
    const rig = await rigOf(threeRounds);
    const study = await rig.running();
    const copy = rig.over(await copyOf(rig));
    for (const member of [1, 2, 3]) await rig.deliver(member);
    const held = await rig.held(study, 1, 1);
    const update = digest((await rig.studies.show(study)).attempts[0]?.tasks[0]?.update ?? '');
    rig.models.files.delete(update);
    const [presented] = await copy.present(slot(1), [held], true);
    expect(presented).toMatchObject({ fault: null, wanted: expect.any(String) });
    for (const member of [2, 3]) await copy.present(slot(member), [await rig.held(study, 1, member)], true);
    await copy.settle(study);
    expect((await copy.studies.show(study)).attempts).toMatchObject([{ state: 'collecting' }]);
    rig.clock.seconds += 601;
    await copy.settle(study);
    expect(rig.recordOf(study, 1)?.entries).toMatchObject([
      { status: 2, reason: 1, update },
      { status: 1, reason: 0 },
      { status: 1, reason: 0 },
    ]);
  });
});
