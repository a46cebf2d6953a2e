import { describe, expect, test } from '@jest/globals';
import { Transaction } from 'ethers';
import { createSigner, feesOf, isUnderpriced, requestOf } from '../../../../coordinator/anchor/signing.ts';
import { currentFees, type Fees, gasLimitFor } from '../../../../coordinator/chain/fees.ts';
import type { Block } from '../../../../coordinator/chain/node.ts';
import type { Rpc } from '../../../../coordinator/chain/rpc.ts';
import { SyndicError } from '../../../../core/errors/SyndicError.ts';
import { address, instant, ZERO_DIGEST } from '../../../../core/values.ts';

const KEY = `0x${'11'.repeat(32)}`;
const TO = address(`0x${'22'.repeat(20)}`);
const GWEI = 1_000_000_000n;

const block = (baseFeePerGas: bigint | null): Block => {
  return {
    number: 1,
    hash: ZERO_DIGEST,
    parentHash: ZERO_DIGEST,
    timestamp: instant(1),
    gasLimit: 30_000_000,
    baseFeePerGas,
  };
};

/** A node that knows these methods only. */
function node(answers: Readonly<Record<string, string>>): Rpc {
  return {
    chainId: 5,
    async request(method) {
      const answer = answers[method];
      if (answer !== undefined) return answer;
      throw new SyndicError('CHAIN_UNAVAILABLE', 'method not found', { answer: 'method not found' });
    },
    close() {},
  };
}

const hex = (value: bigint) => `0x${value.toString(16)}`;
const signed = async (fees: Fees) =>
  (await createSigner(KEY).sign({ chainId: 5, nonce: 3, to: TO, data: '0x1234', gasLimit: 100_000, fees })).raw;

describe('fees', () => {
  const from = createSigner(KEY).address;

  test('are nothing for an account without money where the base fee is zero', async () => {
    const fees = await currentFees(node({ eth_getBalance: '0x0' }), from, 100_000, block(0n));
    expect(fees).toEqual({ type: 2, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n });
  });

  test('bear a doubling of the base fee and more where the account can pay', async () => {
    const rich = node({ eth_getBalance: hex(10n ** 18n), eth_maxPriorityFeePerGas: '0x2' });
    expect(await currentFees(rich, from, 100_000, block(7n))).toEqual({
      ...{ type: 2, maxFeePerGas: 16n + GWEI, maxPriorityFeePerGas: 2n },
    });
  });

  test('go as far as the money, and no further', async () => {
    const poor = node({ eth_getBalance: hex(1_000_000n) });
    expect(await currentFees(poor, from, 100_000, block(7n))).toMatchObject({ maxFeePerGas: 10n });
    const refusal = currentFees(node({ eth_getBalance: '0x1' }), from, 100_000, block(7n));
    await expect(refusal).rejects.toMatchObject({ code: 'STATE_CONFLICT', details: { needed: '700000' } });
  });

  test('before London are what the node names', async () => {
    expect(await currentFees(node({ eth_gasPrice: '0x9' }), from, 100_000, block(null))).toEqual({
      type: 0,
      gasPrice: 9n,
    });
  });

  test('replace what was offered before by an eighth more at least, as nodes ask', async () => {
    const rich = node({ eth_getBalance: hex(10n ** 18n), eth_maxPriorityFeePerGas: '0x2', eth_gasPrice: '0x9' });
    const offered: Fees = { type: 2, maxFeePerGas: 80n * GWEI, maxPriorityFeePerGas: 3n };
    expect(await currentFees(rich, from, 100_000, block(7n), offered)).toEqual({
      ...{ type: 2, maxFeePerGas: 90n * GWEI, maxPriorityFeePerGas: 4n },
    });
    const plain = await currentFees(rich, from, 100_000, block(null), { type: 0, gasPrice: 100n });
    expect(plain).toEqual({ type: 0, gasPrice: 113n });
    const poor = node({ eth_getBalance: hex(80n * GWEI * 100_000n) });
    await expect(currentFees(poor, from, 100_000, block(7n), offered)).rejects.toMatchObject({
      ...{ code: 'STATE_CONFLICT', details: { needed: `${90n * GWEI * 100_000n}` } },
    });
  });

  test('gas is asked for with a fifth on top, within what Ethereum allows a transaction', () => {
    expect(gasLimitFor(100_000)).toBe(120_000);
    expect(gasLimitFor(16_000_000)).toBe(16_777_216);
    expect(gasLimitFor(20_000_000)).toBe(24_000_000);
  });
});

describe('signed bytes', () => {
  test.each<Fees>([
    { type: 0, gasPrice: 9n },
    { type: 2, maxFeePerGas: 9n, maxPriorityFeePerGas: 2n },
    { type: 2, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n },
  ])('carry what was asked for, the same each time', async (fees) => {
    const raw = await signed(fees);
    expect(await signed(fees)).toBe(raw);
    expect(feesOf(raw)).toEqual(fees);
    expect(requestOf(raw)).toEqual({ chainId: 5, nonce: 3, to: TO, data: '0x1234', gasLimit: 100_000 });
    expect(Transaction.from(raw)).toMatchObject({ nonce: 3, data: '0x1234', chainId: 5n });
    expect(Transaction.from(raw).from?.toLowerCase()).toBe(createSigner(KEY).address);
  });

  test('are underpriced below the base fee, and not at it', async () => {
    const raw = await signed({ type: 2, maxFeePerGas: 9n, maxPriorityFeePerGas: 2n });
    expect([9n, 10n, null].map((base) => isUnderpriced(raw, block(base)))).toEqual([false, true, false]);
  });
});
