import { readFile } from 'node:fs/promises';

/** Something that the coordinator's log says of a study. */
export interface LoggedEvent {
  /** Such as `round.closed`. */
  readonly type: string;
  readonly round: number | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export async function readEvents(logFile: string, study: string): Promise<LoggedEvent[]> {
  const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => line.startsWith('{'));
  return lines
    .map((line) => JSON.parse(line) as { msg?: string; study?: string; round?: number; time: number })
    .filter((line) => line.study === study && line.msg !== undefined)
    .map(({ msg, round, time }) => ({ type: msg ?? '', round: round ?? null, at: time }));
}

/** When each round reached a state, in milliseconds. */
export function momentsOf(events: readonly LoggedEvent[], type: string): Map<number, number> {
  return new Map(
    events.filter((event) => event.type === type && event.round !== null).map(({ round, at }) => [round ?? 0, at]),
  );
}
