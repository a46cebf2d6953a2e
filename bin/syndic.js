#!/usr/bin/env node
// Starts cli/main.ts on a Node that runs TypeScript: the current one, else the one that the package `node` brings.
// Plain JavaScript that any Node since 18 reads.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));
/** Set for the second process, so that it never starts a third. */
const MARK = 'SYNDIC_LAUNCHED';

/** Node 22.18 is the first that strips types unasked; from 23 on the native training backend does not load. */
function suits(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 22 && minor >= 18;
}

/** Where npm puts the binary of the package `node`: beside the package, or hoisted. */
function bundledNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const places = [join(root, 'node_modules'), dirname(root)].map((place) => join(place, 'node', 'bin', name));
  return places.find((path) => existsSync(path));
}

async function runHere() {
  if (process.env[MARK] !== undefined) dieWithLauncher();
  delete process.env[MARK];
  quietTypeStripping();
  await import('../cli/main.ts');
}

/** The launcher was killed outright: what it started ends the same way, as if the two were one process. */
function dieWithLauncher() {
  const die = () => process.kill(process.pid, 'SIGKILL');
  // It may be gone already; without a channel there is nothing to hear of.
  if (process.connected === false) die();
  if (!process.connected) return;
  process.once('disconnect', die);
  process.channel.unref();
}

/** Node 22.18 says on stderr that it strips types; that is no news to whoever runs `syndic`. */
function quietTypeStripping() {
  const printers = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') for (const print of printers) print.call(process, warning);
  });
}

function runWith(node) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', self, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  const atTerminal = process.stdin.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
    // A terminal sends Ctrl-C to both processes: passed on as well, it would count twice.
    const alreadyThere = atTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT');
    process.on(signal, () => {
      if (!alreadyThere) child.kill(signal);
    });
  }
  child.once('error', (error) => {
    process.stderr.write(`error INTERNAL: cannot start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // A signal that does not end this process (or not at once): the shell's spelling of the same.
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100);
  });
}

const bundled = bundledNode();
if (suits(process.versions.node) || process.env[MARK] !== undefined) {
  await runHere();
} else if (bundled !== undefined) {
  runWith(bundled);
} else {
  process.stderr.write(
    `error USAGE: syndic needs Node 22 (22.18 or newer); this is ${process.versions.node}, and ${join(root, 'node_modules', 'node')} is missing.\n` +
      'Run `npm ci` in the checkout, with install scripts allowed for the package `node`, or install Node 22.\n',
  );
  process.exit(2);
}
