import { describe, expect, test } from '@jest/globals';
import { canonicalBytes } from '../../../../core/canonicalJson.ts';
import { decodeManifest, encodeManifest, type Manifest } from '../../../../core/manifest/Manifest.ts';
import { decodeReport, encodeReport, type MetricSet, type Report } from '../../../../core/manifest/Report.ts';
import { digest } from '../../../../core/values.ts';
import { textOf, thrown, utf8 } from '../thrown.ts';

const d = (byte: string) => digest(`0x${byte.repeat(32)}`);

const manifest: Manifest = {
  schema: 'syndic.manifest/1',
  study: d('01'),
  round: 1,
  outcome: 1,
  plan: d('02'),
  baseModel: d('03'),
  globalModel: d('04'),
  strategy: { name: 'fedavg' },
  opened: 1_790_000_000,
  deadline: 1_790_000_600,
  closed: 1_790_000_100,
  entries: [
    { slot: 1, status: 1, reason: 0, weight: 303, statement: d('05'), receipt: d('06'), report: d('07') },
    { slot: 2, status: 0, reason: 1 },
    { slot: 3, status: 2, reason: 3, statement: d('08') },
  ],
};

const metrics: MetricSet = {
  rows: { value: 104 },
  positives: { value: null, reason: 'minCell' },
  negatives: { value: null, reason: 'minCell' },
  loss: { value: 0.5 },
  accuracy: { value: 0.75 },
  auroc: { value: null, reason: 'minCell' },
};
const report: Report = {
  schema: 'syndic.report/1',
  salt: d('5a'),
  study: d('01'),
  round: 1,
  slot: 1,
  steps: 100,
  runtime: { backend: 'tensorflow', threads: 1, library: 'tfjs-node 4.22.0', platform: 'linux-x64' },
  metrics: { before: metrics, after: metrics },
};

describe('a manifest', () => {
  test('is canonical JSON and reads back', () => {
    const bytes = encodeManifest(manifest);
    expect(bytes).toEqual(canonicalBytes(manifest));
    expect(decodeManifest(bytes)).toEqual(manifest);
  });

  test('leaves out what is unknown, also where it was given as undefined', () => {
    const [first, second] = manifest.entries;
    const entries = [first, { ...second, weight: undefined, report: undefined }] as Manifest['entries'];
    const bytes = encodeManifest({ ...manifest, selection: undefined, entries } as Manifest);
    expect(textOf(bytes)).not.toContain('null');
    expect(decodeManifest(bytes).entries[1]).toEqual({ slot: 2, status: 0, reason: 1 });
  });

  test('takes a selection and a state', () => {
    const more: Manifest = { ...manifest, selection: { kind: 'all' }, state: d('09') };
    expect(decodeManifest(encodeManifest(more))).toEqual(more);
  });

  test.each<[string, object, string]>([
    ['a null', { state: null }, 'state'],
    ['another schema', { schema: 'syndic.manifest/2' }, 'schema'],
    ['an unknown member', { extra: 1 }, 'extra'],
    ['outcome 4', { outcome: 4 }, 'outcome'],
    ['a time that is not whole', { opened: 1.5 }, 'opened'],
    ['an infinite weight', { entries: [{ ...manifest.entries[0], weight: 'x' }] }, 'entries[0].weight'],
    ['an included entry without receipt', { entries: [{ slot: 1, status: 1, reason: 0 }] }, 'entries[0].receipt'],
    ['slots that do not ascend', { entries: [manifest.entries[1], manifest.entries[0]] }, 'entries[1].slot'],
    ['a slot twice', { entries: [manifest.entries[1], manifest.entries[1]] }, 'entries[1].slot'],
    ['a negative weight', { entries: [{ ...manifest.entries[0], weight: -1 }] }, 'entries[0].weight'],
  ])('is refused with %s', (_, change, path) => {
    const error = thrown(() => decodeManifest(canonicalBytes({ ...manifest, ...change })));
    expect(error.code).toBe('DOCUMENT_INVALID');
    expect((error.details.faults as { path: string }[]).map((fault) => fault.path)).toContain(path);
  });

  test('is refused in another spelling', () => {
    expect(thrown(() => decodeManifest(utf8(JSON.stringify(manifest)))).code).toBe('DOCUMENT_INVALID');
  });
});

describe('a report', () => {
  test('is canonical JSON and reads back', () => {
    const bytes = encodeReport(report);
    expect(bytes).toEqual(canonicalBytes(report));
    expect(decodeReport(bytes)).toEqual(report);
  });

  test('says why a figure is missing, and only then', () => {
    for (const figure of [{ value: null }, { value: 1, reason: 'minCell' }, { value: Number.NaN }, {}]) {
      const bad = { ...report, metrics: { before: metrics, after: { ...metrics, auroc: figure as never } } };
      expect(thrown(() => encodeReport(bad)).code).toBe('DOCUMENT_INVALID');
    }
  });

  test('is refused without its salt, by a code of its own', () => {
    const { salt: _, ...bare } = report;
    expect(thrown(() => decodeReport(canonicalBytes(bare))).code).toBe('SALT_MISSING');
    expect(thrown(() => decodeReport(canonicalBytes({ ...report, salt: '0x00' }))).code).toBe('SALT_MISSING');
    // Whatever else is wrong with it.
    expect(thrown(() => decodeReport(canonicalBytes({ ...bare, steps: -1 }))).code).toBe('SALT_MISSING');
  });

  test('is refused with an unknown member or in another spelling', () => {
    expect(thrown(() => decodeReport(canonicalBytes({ ...report, rows: [] }))).code).toBe('DOCUMENT_INVALID');
    expect(thrown(() => decodeReport(utf8(JSON.stringify(report)))).code).toBe('DOCUMENT_INVALID');
  });
});
