import { readFileSync } from 'node:fs';

/** Syndic's own, as package.json has it. */
export function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String(version);
}
