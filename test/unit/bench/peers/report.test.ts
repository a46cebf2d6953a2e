import { expect, test } from '@jest/globals';
import { tableOf } from '../../../../bench/peers/report.ts';

const measured = (seconds: number, cpu: number, peak: number) => ({
  measured: {
    seconds,
    rounds: [seconds],
    serverCpu: cpu / 4,
    clientsCpu: (cpu * 3) / 4,
    peak,
    peaks: {},
    others: 0.014,
  },
});

test('holds Syndic against the best peer of each column', () => {
  const table = tableOf([
    { row: 'a', system: 'Syndic', ...measured(1, 4, 300) },
    { row: 'a', system: 'Flower', ...measured(8, 8, 1000) },
    { row: 'a', system: 'NVIDIA FLARE', ...measured(4, 10, 600) },
  ]);
  expect(table).toEqual([
    ['a', 'Syndic', '1.00', '4.00', 300, '1 %'],
    ['a', 'Flower', '8.00', '8.00', 1000, '1 %'],
    ['a', 'NVIDIA FLARE', '4.00', '10.00', 600, '1 %'],
    ['a', 'Syndic ÷ best peer (aim: ⅓)', '0.25', '0.50', '0.50', ''],
  ]);
});

test('leaves out a peer that failed, and the comparison where nothing is left to compare', () => {
  const table = tableOf([
    { row: 'a', system: 'Syndic', ...measured(1, 4, 300) },
    { row: 'a', system: 'Flower', error: 'it ended' },
    { row: 'a', system: 'NVIDIA FLARE', ...measured(4, 10, 600) },
    { row: 'b', system: 'Syndic', error: 'it ended' },
    { row: 'b', system: 'Flower', ...measured(8, 8, 1000) },
  ]);
  expect(table.map(([row, system, seconds]) => [row, system, seconds])).toEqual([
    ['a', 'Syndic', '1.00'],
    ['a', 'Flower', 'failed'],
    ['a', 'NVIDIA FLARE', '4.00'],
    ['a', 'Syndic ÷ best peer (aim: ⅓)', '0.25'],
    ['b', 'Syndic', 'failed'],
    ['b', 'Flower', '8.00'],
  ]);
});
