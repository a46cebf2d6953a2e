import { availableParallelism } from 'node:os';
import { expect, test } from '@jest/globals';
import { residentIn, usageBetween } from '../../../../bench/peers/usage.ts';

test('counts the CPU between two moments, as if it had grown evenly between two looks', () => {
  const samples = [
    { at: 0, server: 1, clients: 10, watcher: 0, machine: 100 },
    { at: 1000, server: 2, clients: 14, watcher: 0.5, machine: 110 },
    { at: 2000, server: 6, clients: 14, watcher: 0.5, machine: 130 },
  ];
  const { server, clients, others } = usageBetween(samples, 500, 1500);
  expect({ server, clients }).toEqual({ server: 2.5, clients: 2 });
  // 15 s of the machine's, of which 4.5 were the federation's and 0.25 the watcher's, in one second of all cores.
  expect(others).toBeCloseTo(10.25 / availableParallelism(), 10);
});

test('refuses moments at which nobody watched', () => {
  const samples = [0, 1000].map((at) => ({ at, server: 0, clients: 0, watcher: 0, machine: 0 }));
  expect(() => usageBetween(samples, 500, 1001)).toThrow('nobody watched at 1001');
  expect(() => usageBetween(samples, -1, 500)).toThrow('nobody watched at -1');
});

test('counts memory that processes share on purpose once, and what they have of their own in each', () => {
  const memories = [
    { own: 10, shared: 100, peak: 140 },
    { own: 20, shared: 60, peak: 80 },
  ];
  expect(residentIn(memories)).toEqual({ now: 130, least: 140 });
  expect(residentIn([])).toEqual({ now: 0, least: 0 });
});
