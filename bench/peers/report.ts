import type { Row } from '../../cli/output.ts';
import type { Measured } from './measure.ts';

export const OURS = 'Syndic';

/** What one system came to in one row. */
export type Result = { readonly row: string; readonly system: string } & (
  | { readonly measured: Measured }
  | { readonly error: string }
);

export const HEAD = ['row', 'system', 's/round', 'CPU s/round', 'server’s peak MiB', 'CPU of others'];

/** Each row's systems, then what Syndic takes of what the best of the others takes, column by column. */
export function tableOf(results: readonly Result[]): Row[] {
  const rows = [...new Set(results.map(({ row }) => row))];
  return rows.flatMap((row) => {
    const mine = results.filter((result) => result.row === row);
    const ratios = ratiosOf(mine);
    return [
      ...mine.map(lineOf),
      ...(ratios === null
        ? []
        : [[row, `${OURS} ÷ best peer (aim: ⅓)`, ...ratios.map((ratio) => ratio.toFixed(2)), '']]),
    ];
  });
}

function lineOf(result: Result): Row {
  const { row, system } = result;
  if ('error' in result) return [row, system, 'failed', '', '', ''];
  const [seconds = 0, cpu = 0, peak = 0] = columns(result.measured);
  const others = `${Math.round(result.measured.others * 100)} %`;
  return [row, system, seconds.toFixed(2), cpu.toFixed(2), Math.round(peak), others];
}

function columns({ seconds, serverCpu, clientsCpu, peak }: Measured): number[] {
  return [seconds, serverCpu + clientsCpu, peak];
}

/** Null when Syndic or every peer failed. */
function ratiosOf(results: readonly Result[]): number[] | null {
  const measured = (ours: boolean) =>
    results.flatMap((result) =>
      (result.system === OURS) === ours && 'measured' in result ? [columns(result.measured)] : [],
    );
  const [own] = measured(true);
  const peers = measured(false);
  if (own === undefined || peers.length === 0) return null;
  return own.map((value, column) => value / Math.min(...peers.map((peer) => peer[column] ?? Number.NaN)));
}
