import { encodeFile } from '../../../core/tensors/file.ts';
import { round } from '../../../core/values.ts';
import type { Trainer } from '../../../worker/training/port.ts';
import { TfjsTrainer } from '../../../worker/training/tfjs.ts';
import { someJob } from '../../unit/worker/training/jobs.ts';

/** Trains rounds `from` … `to`, each on the local model of the one before; gives the last model file. */
export async function trainRounds(
  trainer: Trainer,
  from: number,
  to: number,
  baseModel: Uint8Array = someJob().baseModel,
): Promise<Uint8Array> {
  let model = baseModel;
  for (let r = from; r <= to; r += 1) {
    const { local } = await trainer.train(someJob({ round: round(r), baseModel: model }));
    model = encodeFile(local);
  }
  return model;
}

// As a program: `node trainRounds.ts BACKEND FROM TO BASE` prints the last model as base64 and ends by itself.
if (process.argv[1] === import.meta.filename) {
  const [name, from, to, base] = process.argv.slice(2);
  const backend = (['native', 'wasm', 'cpu'] as const).find((known) => known === name) ?? 'auto';
  const model = await trainRounds(
    new TfjsTrainer({ backend }),
    Number(from),
    Number(to),
    Buffer.from(base ?? '', 'base64'),
  );
  process.stdout.write(Buffer.from(model).toString('base64'));
}
