import { describe, expect, test } from '@jest/globals';
import { Contract } from 'ethers';
import { send } from '../../../cli/chain/send.ts';
import { Verdicts } from '../../../contracts/generated/Verdicts.ts';
import { encodeAttestFor, encodeDisputeFor } from '../../../coordinator/anchor/calldata.ts';
import type { OutboxMessage } from '../../../coordinator/anchor/port.ts';
import { ledgerAbi } from '../../../coordinator/chain/abi.ts';
import type { Invitation } from '../../../core/invitation/Invitation.ts';
import { decodeEntries } from '../../../core/statements/entries.ts';
import { domain } from '../../../core/statements/types.ts';
import { signVerdict, type Verdict } from '../../../core/statements/verdict.ts';
import { type Address, digest, hexToBytes, round, ZERO_DIGEST } from '../../../core/values.ts';
import { connectSiteChain } from '../../../worker/policy/ethereum.ts';
import { until } from '../../support/until.ts';
import { useOutbox } from './useOutbox.ts';
import { addressOf, type WorldMember } from './world.ts';

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

describe("a worker's own reading of the chain", () => {
  test('has the record as it was sent, whose keys are whose, and the verdict that it makes a transaction of', async () => {
    const run = await runningStudy();
    const message = recordMessage(run);
    await sendPast(message);
    const { provider, contracts, chainId, members, operator, coordinatorKey, coordinator, rpcUrl } = at.world;
    const [, two] = members as [WorldMember, WorldMember];
    const invitation = { chainId, contracts, slot: two.slot } as Invitation;
    const site = connectSiteChain(rpcUrl, invitation);
    try {
      const [study, , outcome, baseModel, globalModel, manifest, entries] = ledgerAbi.decodeFunctionData(
        'recordRound',
        message.calldata,
      );
      const recordHash = (await site.recordHash(study, 1)) ?? ZERO_DIGEST;
      expect(await site.recordHash(study, 2)).toBeNull();
      expect(await site.record(study, 1, recordHash)).toEqual({
        ...{ study, round: 1, outcome: Number(outcome), baseModel, globalModel, manifest, recordHash },
        entries: decodeEntries(hexToBytes(entries)),
      });
      await expect(site.record(study, 1, manifest)).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
      expect(await site.keyOwner(addressOf(two.key))).toEqual({ account: addressOf(two.account), slot: two.slot });
      expect(await site.keyOwner(addressOf(coordinatorKey))).toEqual({ account: addressOf(coordinator), slot: 0 });
      expect(await site.keyOwner(addressOf(operator))).toBeNull();
      expect(await site.verdict(study, 1)).toBe('none');
      const verdict = { study, round: 1, slot: two.slot, recordHash, reason: 5 };
      const signature = signVerdict(two.key.privateKey, domain(chainId, await site.verdicts()), verdict);
      await send(provider, operator, await site.verdictCall(verdict, signature));
      expect(await site.verdict(study, 1)).toBe('disputed');
    } finally {
      site.close();
    }
  });
});
