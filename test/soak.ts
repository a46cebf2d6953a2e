// `npm run soak -- NAME`: what is too long for the project's check. Each writes its summary, with date and revision, into
// docs/soak/.
import { audit } from './soak/audit.ts';
import { contracts } from './soak/contracts.ts';
import { crash } from './soak/crash.ts';
import { fuzz } from './soak/fuzz.ts';
import { invariants } from './soak/invariants.ts';
import { mutation } from './soak/mutation.ts';
import { runModule } from './soak/run.ts';

const SOAKS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  audit,
  contracts,
  crash,
  fuzz,
  invariants,
  mutation,
};

const [name = '', ...args] = process.argv.slice(2);
const soak = Object.hasOwn(SOAKS, name) ? SOAKS[name] : undefined;
if (soak === undefined) {
  console.error(`name one of: ${Object.keys(SOAKS).join(', ')}`);
  process.exitCode = 2;
} else {
  await soak(args);
  // A summary is a document like the others, which the project's check wants formatted.
  await runModule('@biomejs/biome/bin/biome', ['format', '--write', 'docs/soak']);
}
