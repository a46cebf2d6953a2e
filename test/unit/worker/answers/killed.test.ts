import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SyndicError } from '../../../../core/errors/SyndicError.ts';
import { decodeManifest } from '../../../../core/manifest/Manifest.ts';
import { type Digest, digest, fileName } from '../../../../core/values.ts';
import { answerSites } from '../../../support/answerSites.ts';
import { AnswerWorld, keyOf } from '../../../support/answerWorld.ts';
import { until } from '../../../support/until.ts';

const { site } = answerSites();
const forever = new AbortController().signal;
const hex = (byte: string): Digest => digest(`0x${byte.repeat(32)}`);

describe('a worker that is killed', () => {
  const crash = () => Promise.reject(new SyndicError('COORDINATOR_UNAVAILABLE', 'the line broke'));

  test('after its verdict was written hands the same one over, and checks nothing again', async () => {
    const world = new AnswerWorld();
    world.record(1, { receiptKey: keyOf(2) });
    const { start } = await site(world, 1);
    const honest = world.relay;
    world.relay = crash;
    await (await start()).answers.pass(forever);
    const asked = world.asked.length;
    // Were it checked again, there would be nothing to check it by.
    world.files.clear();
    world.relay = honest;
    const { answers, journal } = await start();
    await answers.pass(forever);
    await answers.pass(forever);
    expect(world.handed).toHaveLength(2);
    expect(world.handed[1]).toEqual(world.handed[0]);
    expect(world.asked).toHaveLength(asked);
    expect(world.judged).toEqual(['disputed']);
    expect(journal.answered(world.study, 1)).toMatchObject({ verdict: 'disputed' });
    // Killed before it could say so, its operator would else never hear of it.
    const errors = world.told.filter(({ level }) => level === 'error');
    expect(errors.map(({ facts }) => facts.code)).toEqual(['RECORD_DISPUTED', 'RECORD_DISPUTED']);
  });

  test('while its verdict was being written makes the same one again, from the documents that it kept', async () => {
    const world = new AnswerWorld();
    world.record(1);
    const { start, dir } = await site(world, 1);
    const honest = world.relay;
    world.relay = crash;
    await (await start()).answers.pass(forever);
    const path = join(dir, 'journal', 'journal.jsonl');
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(JSON.parse(lines.at(-2) ?? '{}')).toMatchObject({ type: 'verdict' });
    await writeFile(path, `${lines.slice(0, -2).join('\n')}\n`);
    await appendFile(path, (lines.at(-2) ?? '').slice(0, 40));
    world.relay = honest;
    const asked = world.asked.length;
    const { answers } = await start();
    await answers.pass(forever);
    expect(world.handed[1]).toEqual(world.handed[0]);
    expect(world.asked).toHaveLength(asked);
  });

  test('amid the documents fetches those that it lacks, and a damaged one again', async () => {
    const world = new AnswerWorld();
    const { manifest } = world.record(1);
    const { start, records } = await site(world, 1);
    const named = decodeManifest(world.files.get(manifest) ?? new Uint8Array()).entries[2]?.statement ?? hex('00');
    const missing = world.files.get(named) ?? new Uint8Array();
    world.files.delete(named);
    await (await start()).answers.pass(forever);
    await writeFile(join(records, `${fileName(named)}.tmp`), 'half');
    await writeFile(join(records, fileName(manifest)), 'damaged');
    world.files.set(named, missing);
    world.asked.length = 0;
    await (await start()).answers.pass(forever);
    expect(world.asked[0]).toBe(manifest);
    expect(world.asked).toContain(named);
    expect(world.asked.length).toBeLessThan(7);
    expect(world.handed).toMatchObject([{ reason: 0 }]);
    expect(existsSync(join(records, `${fileName(named)}.tmp`))).toBe(false);
  });

  test('after the chain had its verdict, and before it saw that, says nothing twice', async () => {
    const world = new AnswerWorld();
    world.record(1);
    const { start } = await site(world, 1);
    await (await start()).answers.pass(forever);
    const { answers, journal } = await start();
    await answers.pass(forever);
    expect(world.handed).toHaveLength(1);
    expect(journal.answered(world.study, 1)).toMatchObject({ verdict: 'attested' });
  });

  test('goes on with what is left, also when the study is over', async () => {
    const world = new AnswerWorld();
    for (const round of [1, 2, 3]) world.record(round);
    world.open = false;
    const { start } = await site(world, 1, 2, 3);
    const honest = world.relay;
    world.relay = async (verdict) => (verdict.round === 2 ? await crash() : await honest(verdict));
    await (await start()).answers.pass(forever);
    await (await start()).answers.pass(forever);
    world.relay = honest;
    world.handed.length = 0;
    const { answers } = await start();
    expect(await answers.pass(forever)).toMatchObject({ waiting: true });
    expect(world.handed.map(({ round }) => round)).toEqual([2]);
    expect(await answers.pass(forever)).toEqual({ moved: true, waiting: false });
  });

  test('amid a document that nothing asks for any more leaves no half of it', async () => {
    const { start, records } = await site(new AnswerWorld());
    await mkdir(records);
    await writeFile(join(records, `${'ab'.repeat(32)}.tmp`), 'half');
    await writeFile(join(records, 'cd'.repeat(32)), 'whole');
    const { answers } = await start();
    const stop = new AbortController();
    const running = answers.run(stop.signal);
    await until(async () => (await readdir(records)).length === 1, 20).finally(() => stop.abort());
    await running;
    expect(await readdir(records)).toEqual(['cd'.repeat(32)]);
  });
});
