import { spawnSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

/** Where this machine has a Chromium of its own; null: nowhere. */
function chromiumPath(): string | null {
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v chromium || command -v chromium-browser'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
}

export function hasChromium(): boolean {
  return chromiumPath() !== null;
}

/** A headless browser. Whoever starts it closes it. */
export async function startChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: chromiumPath() ?? 'chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}
