import { describe, expect, test } from '@jest/globals';
import { Contract } from 'ethers';
import { send } from '../../../cli/chain/send.ts';
import { Verdicts } from '../../../contracts/generated/Verdicts.ts';
import { encodeAttestFor, encodeDisputeFor } from '../../../coordinator/anchor/calldata.ts';
import type { OutboxMessage } from '../../../coordinator/anchor/port.ts';
import { ledgerAbi } from '../../../coordinator/chain/abi.ts';
import { domain } from '../../../core/statements/types.ts';
import { signVerdict, type Verdict } from '../../../core/statements/verdict.ts';
import { type Address, digest, round } from '../../../core/values.ts';
import { until } from '../../support/until.ts';
import { useOutbox } from './useOutbox.ts';
import type { WorldMember } from './world.ts';

const { at, anchorFor, enqueue, runningStudy, recordMessage, sendPast } = useOutbox();

const ofVerdicts = (address: Address) => new Contract(address, Verdicts.abi as never, at.world.provider);

/** A study with a record of round 1, and what its members say of it. */
async function recorded() {
  const run = await runningStudy();
  await sendPast(recordMessage(run));
  const { provider, contracts, chainId, members } = at.world;
  const ledger = new Contract(contracts.ledger, ledgerAbi, provider);
  const recordHash = digest(await ledger.getFunction('recordHash').staticCall(run.study, 1));
  const message = (verdicts: Address, { slot, key }: WorldMember, reason: number): OutboxMessage => {
    const verdict: Verdict = { study: run.study, round: 1, slot, recordHash, reason };
    const signature = signVerdict(key.privateKey, domain(chainId, verdicts), verdict);
    const kind = reason === 0 ? 'attest' : 'dispute';
    const calldata = (reason === 0 ? encodeAttestFor : encodeDisputeFor)(verdict, signature);
    return { study: run.study, kind, round: round(1), slot, calldata };
  };
  return { study: run.study, members, message };
}

describe('verdicts that the outbox relays', () => {
  test('stand on chain as their members gave them, an attestation and a dispute with its reason', async () => {
    const anchor = await anchorFor();
    const { study, members, message } = await recorded();
    const [one, two] = members as [WorldMember, WorldMember];
    await enqueue(anchor, message(anchor.verdicts, one, 0));
    await enqueue(anchor, message(anchor.verdicts, two, 7));
    const states = async () => [
      (await anchor.status(study, 'attest', round(1), one.slot))?.state,
      (await anchor.status(study, 'dispute', round(1), two.slot))?.state,
    ];
    await until(async () => {
      await anchor.tick();
      return (await states()).every((state) => state === 'final');
    });
    const contract = ofVerdicts(anchor.verdicts);
    expect(await contract.getFunction('verdict').staticCall(study, 1, one.slot)).toBe(1n);
    expect(await contract.getFunction('verdict').staticCall(study, 1, two.slot)).toBe(2n);
    const [log] = await contract.queryFilter(contract.getEvent('Disputed')(study));
    const told = contract.interface.parseLog({ topics: [...(log?.topics ?? [])], data: log?.data ?? '0x' });
    expect([told?.args.slot, told?.args.reason]).toEqual([BigInt(two.slot), 7n]);
  });

  test('are taken as done when somebody else sent them, and refused when they are not the member’s', async () => {
    const anchor = await anchorFor();
    const { study, members, message } = await recorded();
    const [one, two] = members as [WorldMember, WorldMember];
    const { calldata } = message(anchor.verdicts, one, 0);
    const { transactionHash } = await send(at.world.provider, at.world.operator, {
      to: anchor.verdicts,
      data: calldata,
    });
    await enqueue(anchor, message(anchor.verdicts, one, 0));
    await enqueue(anchor, message(anchor.verdicts, { ...two, key: one.key }, 0));
    const status = (slot: WorldMember['slot']) => anchor.status(study, 'attest', round(1), slot);
    await until(async () => {
      await anchor.tick();
      return (await status(one.slot))?.state === 'final' && (await status(two.slot))?.state === 'refused';
    });
    expect(await status(one.slot)).toMatchObject({ transaction: transactionHash });
    expect(await status(two.slot)).toMatchObject({ error: { name: 'NotTheMember', args: [String(two.slot)] } });
  });
});
