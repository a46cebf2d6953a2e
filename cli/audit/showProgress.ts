import type { Progress } from '../../audit/verify.ts';

/** Says on a terminal's stderr what is being done, on one line; quiet when piped. */
export function showProgress(): { step(progress: Progress): void; end(): void } {
  if (process.stderr.isTTY !== true) return { step: () => {}, end: () => {} };
  const say = (text: string) => void process.stderr.write(`\r\u001b[2K${text}`);
  return {
    step: ({ what, round, of }) => say(round === undefined ? `${what} …` : `${what} ${round} of ${of} …`),
    end: () => say(''),
  };
}
