import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { initialDigest } from '../../core/model/initialModel.ts';
import { sign } from '../../core/statements/sign.ts';
import { studyId } from '../../core/statements/studyId.ts';
import { bytesToHex, type Digest, digest } from '../../core/values.ts';
import { withConnectionOptions } from '../http/Connection.ts';
import { inSession } from '../http/CoordinatorClient.ts';
import { loadPlanFile } from '../loadPlanFile.ts';
import { printJson, printLine } from '../output.ts';

interface Flags extends Record<string, unknown> {
  readonly plan: string;
  readonly salt?: string;
  readonly json?: boolean;
}

export function openCommand(): Command {
  const command = new Command('open')
    .description('check a plan, sign the order to open a study of it, and send it; prints the study')
    .requiredOption('--plan <file>', 'the plan, YAML or JSON')
    .option('--salt <digest>', 'repeat an order made before (32 bytes as 0x-hex); default: fresh random bytes')
    .option('--json', 'print JSON');
  return withConnectionOptions(command).action(open);
}

async function open(flags: Flags): Promise<void> {
  const { plan, bytes, hash } = await loadPlanFile(flags.plan);
  const salt = flags.salt === undefined ? digest(bytesToHex(randomBytes(32))) : parseSalt(flags.salt);
  const initialModel = initialDigest(plan);
  const opened = await inSession(flags, async (client) => {
    const { coordinator } = client.connection;
    const { key, domain } = client.session;
    const order = { plan: hash, initialModel, coordinator, minIncluded: plan.quorum, salt };
    const signature = sign(key.privateKey, domain, 'OpenStudy', order);
    const id = await client.open({ ...order, plan: bytes, signature });
    const expected = studyId(domain.chainId, domain.verifyingContract, key.address, hash, salt);
    if (id !== expected) {
      throw new SyndicError(
        'COORDINATOR_UNTRUSTED',
        `the coordinator names study ${id}; the order makes it ${expected}`,
      );
    }
    return { study: id, plan: hash, initialModel, coordinator, operator: key.address, minIncluded: plan.quorum, salt };
  });
  if (flags.json) printJson(opened);
  else printLine(opened.study);
}

function parseSalt(text: string): Digest {
  try {
    return digest(text);
  } catch (cause) {
    throw new SyndicError('USAGE', '--salt wants 32 bytes as 0x-hex', {}, { cause });
  }
}
