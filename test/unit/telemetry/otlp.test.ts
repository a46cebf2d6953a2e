import { afterEach, expect, test } from '@jest/globals';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import { createTraces } from '../../../telemetry/otlp.ts';
import { spanIdOf, traceIdOf } from '../../../telemetry/traceIds.ts';
import { silentLog } from '../../support/silentLog.ts';
import { type SpanCollector, startSpanCollector } from '../../support/spanCollector.ts';

// On a machine that is busy with other tests.
const place = { study: `0x${'5a'.repeat(32)}`, round: 7, slot: 2 };
let collector: SpanCollector | null = null;
afterEach(async () => {
  await collector?.close();
  collector = null;
});

test('ids follow from study, round and slot alone, and are those that anyone can compute', () => {
  // printf 'syndic.trace/1 0x5a…5a 7' | sha256sum
  expect(traceIdOf(place)).toBe('fd709cee75401c6ac205041d4f8a9b59');
  expect(spanIdOf(place)).toMatch(/^[0-9a-f]{16}$/);
  expect(spanIdOf({ ...place, slot: 3 })).not.toBe(spanIdOf(place));
  expect(traceIdOf({ ...place, round: 8 })).not.toBe(traceIdOf(place));
});

test('two processes put their spans below one update, and what failed has its code and not its words', async () => {
  collector = await startSpanCollector();
  const of = (service: string) => createTraces({ service, endpoint: `${collector?.endpoint}/` }, { log: silentLog });
  const [worker, coordinator] = [of('worker'), of('coordinator')];
  expect(await worker.span('train', place, async () => 5)).toBe(5);
  worker.whole('update', place, 1_000);
  const failing = coordinator.span('receipt', place, async () => {
    throw new SyndicError('NOT_FINITE', 'patient 17 is infinite');
  });
  await expect(failing).rejects.toThrow('patient 17');
  await coordinator.span(
    'anchor',
    place,
    async () => 'not yet',
    (result) => result !== 'not yet',
  );
  await Promise.all([worker.close(), coordinator.close()]);
  const { spans } = collector;
  expect(spans.map(({ name }) => name).toSorted()).toEqual(['receipt', 'train', 'update']);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([traceIdOf(place)]));
  const find = (name: string) => spans.find((span) => span.name === name);
  expect(find('update')).toMatchObject({ spanId: spanIdOf(place), start: 1_000_000_000n, service: 'worker' });
  expect(find('train')?.parentSpanId).toBe(spanIdOf(place));
  expect(find('receipt')).toMatchObject({ parentSpanId: spanIdOf(place), service: 'coordinator' });
  expect(find('receipt')?.attributes['syndic.code']).toBe('NOT_FINITE');
  expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('patient');
});

test('a collector that is away costs its spans, a line in the log, and nothing else', async () => {
  const warned: string[] = [];
  const log = { warn: (_: object, message: string) => void warned.push(message) };
  const traces = createTraces({ service: 'test', endpoint: 'http://127.0.0.1:1' }, { log });
  // More than are kept: none of them waits.
  for (let i = 0; i < 5000; i++) await traces.span('train', place, async () => i);
  await traces.close();
  expect(warned.filter((message) => message === 'spans could not be sent and are lost').length).toBeLessThanOrEqual(1);
});
