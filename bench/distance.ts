import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Consortium } from '../embedded/Consortium.ts';
import { openBox } from './box.ts';
import type { Figure, Scenario } from './Figure.ts';
import { valuesIn } from './plan.ts';
import { type Passage, type Relay, startRelay } from './relay.ts';

const MB = 1e6;
const WIDTH = 4096;
const MODEL_BYTES = 4 * valuesIn(WIDTH);

interface LineOptions {
  readonly name: string;
  /** Milliseconds, there and back. */
  readonly roundTrip: number;
  readonly sites: number;
  /** How many of the workers are at the far end of the line. */
  readonly far: number;
}

/** What crosses the line in one study of two rounds with a 64 MiB model. */
async function measure({ roundTrip, sites, far }: LineOptions, tell: (line: string) => void): Promise<Relay['passed']> {
  let relay: Relay | null = null;
  const prepared = async (consortium: Consortium) => {
    relay = await startRelay(consortium.services.settings.grpcPort, roundTrip / 2);
    for (const { dir } of consortium.members.slice(0, far)) {
      const file = join(dir, 'worker', 'invitation.json');
      const invitation = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...invitation, url: `grpcs://127.0.0.1:${relay.port}` }));
    }
  };
  const box = await openBox({ sites, width: WIDTH, rounds: ROUNDS, tell, prepared });
  try {
    await box.run();
    if (relay === null) throw new Error('there was no relay');
    return (relay as Relay).passed;
  } finally {
    await box.close();
    await (relay as Relay | null)?.close();
  }
}

const ROUNDS = 2;

/** Rates over a line of so many milliseconds there and back. */
export function distance(options: LineOptions): Scenario {
  return async (tell) => {
    const { up, down } = await measure(options, tell);
    const aim = 'over 50';
    return [
      { name: `${options.name}: upload`, value: rate(up), unit: 'MB/s', aim },
      { name: `${options.name}: download`, value: rate(down), unit: 'MB/s', aim },
    ] satisfies Figure[];
  };
}

/** Bytes that cross over the least that must: a model down and an update up, for each worker and round. */
export function wire(options: LineOptions): Scenario {
  return async (tell) => {
    const { up, down } = await measure(options, tell);
    const floor = (options.far * ROUNDS * MODEL_BYTES) / MB;
    return [
      { name: `${options.name}: bytes up`, value: sum(up) / MB, unit: 'MB', floor },
      { name: `${options.name}: bytes down`, value: sum(down) / MB, unit: 'MB', floor },
    ] satisfies Figure[];
  };
}

function sum(passages: readonly Passage[]): number {
  return passages.reduce((total, { bytes }) => total + bytes, 0);
}

/** The middle of the first model that crosses, so that neither its beginning nor what surrounds it counts. */
function rate(passages: readonly Passage[]): number {
  let got = 0;
  let from: Passage | null = null;
  let counted = 0;
  for (const passage of passages) {
    got += passage.bytes;
    if (got < MODEL_BYTES * 0.1) continue;
    if (from === null) from = passage;
    else counted += passage.bytes;
    if (got > MODEL_BYTES * 0.9) return counted / MB / ((passage.at - from.at) / 1000);
  }
  throw new Error('no whole model crossed the line');
}
