import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoResult } from '../../embedded/demo/result.ts';

const SYNDIC = join(import.meta.dirname, '..', '..', 'bin', 'syndic.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A demonstration as somebody at a shell would run it. */
export interface DemoProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The JSON that it writes when the study is complete. Rejects with its stderr when it ends before. */
  result(): Promise<DemoResult>;
  /** Ctrl-C, and wait. */
  interrupt(): Promise<Ended>;
}

export function startDemo(workdir: string, args: readonly string[] = []): DemoProcess {
  const json = join(workdir, 'result.json');
  const all = [SYNDIC, 'demo', '--workdir', workdir, '--json', json, ...args];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  let over: Ended | null = null;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      over = { code, stdout, stderr };
      resolve(over);
    });
  });
  return {
    child,
    ended,
    async result() {
      while (!existsSync(json)) {
        if (over !== null) throw new Error(`the demo ended with ${over.code}:\n${stdout}\n${stderr}`);
        await sleep(100);
      }
      return JSON.parse(await readFile(json, 'utf8')) as DemoResult;
    },
    interrupt() {
      child.kill('SIGINT');
      return ended;
    },
  };
}
