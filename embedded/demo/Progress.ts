import { createLogUpdate } from 'log-update';
import type { RoundDetail, StudyDetail, TaskDetail } from '../../coordinator/studies/port.ts';

/** Names of the sites by slot. */
export type SiteNames = ReadonlyMap<number, string>;

/** Tells how a demonstration goes: a live picture on a terminal, a line for what has happened elsewhere. */
export interface Progress {
  step(line: string): void;
  show(study: StudyDetail): void;
  done(): void;
}

export function createProgress(names: SiteNames, stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? new LiveProgress(names, stream) : new PlainProgress(stream);
}

class PlainProgress implements Progress {
  private readonly stream: NodeJS.WriteStream;
  private told = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
  }

  step(line: string): void {
    this.stream.write(`${line}\n`);
  }

  show(study: StudyDetail): void {
    for (const round of study.attempts.slice(this.told)) {
      if (round.state !== 'anchored') return;
      this.told += 1;
      const updates = round.tasks.filter(({ state }) => state === 'accepted').length;
      this.step(`round ${round.round}: ${updates} of ${round.tasks.length} updates, anchored in block ${round.block}`);
    }
  }

  done(): void {}
}

const WIDTH = 24;

class LiveProgress implements Progress {
  private readonly names: SiteNames;
  private readonly stream: NodeJS.WriteStream;
  private readonly draw: ReturnType<typeof createLogUpdate>;

  constructor(names: SiteNames, stream: NodeJS.WriteStream) {
    this.names = names;
    this.stream = stream;
    this.draw = createLogUpdate(stream);
  }

  step(line: string): void {
    this.draw.clear();
    this.stream.write(`  ${line}\n`);
  }

  show(study: StudyDetail): void {
    const anchored = study.attempts.filter(({ state }) => state === 'anchored').length;
    const head = `  rounds ${bar(anchored, study.rounds)} ${anchored} of ${study.rounds} anchored`;
    const current = study.attempts.at(-1);
    this.draw([head, ...(current === undefined ? [] : this.roundLines(current))].join('\n'));
  }

  done(): void {
    this.draw.done();
  }

  private roundLines(round: RoundDetail): string[] {
    const tasks = [...round.tasks].sort((a, b) => a.slot - b.slot);
    const lines = tasks.map((task) => {
      const name = this.names.get(task.slot) ?? `slot ${task.slot}`;
      return `    ${name.padEnd(14)} ${phaseOf(task)}`;
    });
    return [`  round ${round.round}: ${round.state}`, ...lines];
  }
}

function phaseOf({ state, phase, done, total, samples }: TaskDetail): string {
  if (state === 'accepted') return `done, ${samples} samples`;
  if (state !== 'leased') return state;
  return total > 0 ? `${bar(done, total)} ${phase}` : (phase ?? 'at work');
}

function bar(done: number, total: number): string {
  const full = total === 0 ? 0 : Math.round((Math.min(done, total) / total) * WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`;
}
