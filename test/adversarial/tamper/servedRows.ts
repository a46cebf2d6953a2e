import type { ChainLog } from '../../../audit/port.ts';
import type { Digest } from '../../../core/values.ts';
import type { Changes } from '../../integration/audit/reportOn.ts';
import type { Scene } from '../../integration/audit/Scene.ts';
import { flipped } from './Forge.ts';
import type { Row, Shown } from './Row.ts';

/** An alteration of what a reader is served of a good study of two rounds; the study stays as it is. */
export type ServedRow = Row<Scene, Changes>;

const damaged = (round?: number, slot?: number): Shown[] => [found('FILE_DAMAGED', round, slot)];
const missing = (round?: number, slot?: number): Shown[] => [found('DOCUMENT_MISSING', round, slot)];

function found(code: Shown['code'], round?: number, slot?: number): Shown {
  return { code, ...(round === undefined ? {} : { round }), ...(slot === undefined ? {} : { slot }) };
}

/** A row in which a store has other bytes of one file, or none. */
function stored(
  name: string,
  expected: readonly Shown[],
  which: (scene: Scene) => Digest | undefined,
  change: ((bytes: Uint8Array, scene: Scene) => Uint8Array) | null,
): ServedRow {
  return {
    ...{ name, who: 'store', expected },
    alter(scene) {
      const of = which(scene);
      const bytes = of === undefined ? undefined : scene.files.get(of);
      if (of === undefined || bytes === undefined) throw new RangeError(`the study has no file ${of}`);
      return { files: new Map([[of, change === null ? null : change(bytes, scene)]]) };
    },
  };
}

/** A row in which a node tells other events. */
function told(name: string, expected: ServedRow['expected'], change: (logs: ChainLog[]) => ChainLog[]): ServedRow {
  return {
    ...{ name, who: 'node', expected },
    alter: () => ({ chain: (honest) => ({ logs: async (...args) => change(await honest.logs(...args)) }) }),
  };
}

const statement = (round: number, slot: number) => (scene: Scene) => scene.rounds[round - 1]?.statements[slot - 1];
const receipt = (round: number, slot: number) => (scene: Scene) => scene.rounds[round - 1]?.receipts[slot - 1];
const update = (round: number, slot: number) => (scene: Scene) => scene.rounds[round - 1]?.updates[slot - 1];
const manifest = (round: number) => (scene: Scene) => scene.rounds[round - 1]?.manifest;
const model = (round: number) => (scene: Scene) => scene.rounds[round - 1]?.global;
const fileOf = (scene: Scene, of: Digest | undefined) => scene.files.get(of as Digest) ?? new Uint8Array();

/** Of a study of two rounds: opened, started, then four events a round, each member's entry before the record. */
const FIRST_ENTRY = 2;
const LAST_RECORD = 9;

export const servedRows: readonly ServedRow[] = [
  stored('keeps the plan back', missing(), ({ plan }) => plan.hash, null),
  stored('keeps a manifest back', missing(1), manifest(1), null),
  stored('keeps a statement back', missing(2, 3), statement(2, 3), null),
  stored('keeps a receipt back', missing(2, 1), receipt(2, 1), null),
  stored('changes one bit of the plan', damaged(), ({ plan }) => plan.hash, flipped),
  stored('changes one bit of a manifest', damaged(2), manifest(2), flipped),
  stored('changes one bit of a statement', damaged(1, 2), statement(1, 2), flipped),
  stored('changes one bit of a receipt', damaged(1, 2), receipt(1, 2), flipped),
  stored('changes one bit of an update', damaged(2), update(2, 3), flipped),
  stored('changes one bit of a model that a round is built on', damaged(2), model(1), flipped),
  stored('serves one member’s statement under another’s name', damaged(1, 1), statement(1, 1), (_, scene) =>
    fileOf(scene, statement(1, 2)(scene)),
  ),
  stored('serves an old round’s manifest under a new one’s name', damaged(2), manifest(2), (_, scene) =>
    fileOf(scene, manifest(1)(scene)),
  ),
  stored('cuts a receipt short', damaged(2, 2), receipt(2, 2), (bytes) => bytes.slice(0, -1)),
  stored('appends to an update', damaged(1), update(1, 1), (bytes) => Uint8Array.from([...bytes, 0])),
  stored('serves junk of any length in a manifest’s place', damaged(1), manifest(1), () => new Uint8Array(3_000_000)),
  told('tells of another time of the last record', [found('HISTORY_MISMATCH'), found('HISTORY_MISMATCH', 2)], (logs) =>
    logs.map((log, i) => (i === LAST_RECORD ? { ...log, time: log.time - 3600 } : log)),
  ),
  told('tells of a study that was started earlier', [found('HISTORY_MISMATCH')], (logs) =>
    logs.map((log, i) => (i === 1 ? { ...log, time: log.time - 1 } : log)),
  ),
  told('keeps the last record back', [found('HISTORY_MISMATCH'), found('ROUND_GAP', 2)], (logs) =>
    logs.slice(0, LAST_RECORD - 3),
  ),
  told('keeps one entry of a record back', [found('HISTORY_MISMATCH'), found('HISTORY_MISMATCH', 1)], (logs) =>
    logs.toSpliced(FIRST_ENTRY, 1),
  ),
  told('changes samples in an entry’s event', [found('HISTORY_MISMATCH'), found('HISTORY_MISMATCH', 1)], (logs) =>
    logs.map((log, i) => (i === FIRST_ENTRY ? { ...log, data: `${log.data.slice(0, -2)}ff` } : log)),
  ),
  told('reorders two records', [found('HISTORY_MISMATCH')], (logs) => {
    const [first, second] = [logs[FIRST_ENTRY + 3], logs[LAST_RECORD]];
    if (first === undefined || second === undefined) throw new RangeError('two records were looked for');
    return logs.with(FIRST_ENTRY + 3, second).with(LAST_RECORD, first);
  }),
  told('tells nothing of a study that the ledger stores', { error: 'CHAIN_UNAVAILABLE' }, () => []),
  told('tells of an entry twice', { error: 'CHAIN_UNAVAILABLE' }, (logs) =>
    logs.flatMap((log, i) => (i === FIRST_ENTRY ? [log, log] : [log])),
  ),
  {
    name: 'serves a contract’s code with one bit changed',
    who: 'node',
    expected: [found('CODE_UNKNOWN')],
    alter: (scene) => ({
      chain: (honest) => ({
        code: async (contract) => {
          const code = await honest.code(contract);
          return contract === scene.ledger ? flipped(code) : code;
        },
      }),
    }),
  },
  {
    name: 'serves no code of the ledger',
    who: 'node',
    expected: { error: 'NOT_FOUND' },
    alter: () => ({ chain: () => ({ code: async () => new Uint8Array() }) }),
  },
];
