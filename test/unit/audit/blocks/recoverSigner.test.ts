import { describe, expect, test } from '@jest/globals';
import { recoverSigner } from '../../../../audit/blocks/recoverSigner.ts';
import { digest } from '../../../../core/values.ts';

describe('a seal', () => {
  test('is the validator’s, over the hash itself with no prefix (Consensys/qbft-tests, MessageRLPTests/messages.json)', () => {
    // The commit to a proposal whose only validator and miner is this one.
    const signed = digest('0x641c42a09c96374e2fb362ecd573d24e832e6a2b4ef155257ab362415a0b88a4');
    const seal =
      '0x8a28202c18e9fd3b5b3ba8ae6ffe2655385bf02a0fab8fe6b7e86f2cf5a10ca52990c4e305aedf312963ef2c901c670cbcabc584b2be5eef84e072cfa61bf45f00';
    expect(recoverSigner(signed, seal)).toBe('0xd09d559810bff66602d945c5d2956d12c3dbd584');
    expect(recoverSigner(signed, `${seal.slice(0, -1)}1`)).not.toBe('0xd09d559810bff66602d945c5d2956d12c3dbd584');
  });

  test('is nobody’s where it is no string', () => {
    const signed = digest(`0x${'11'.repeat(32)}`);
    for (const seal of [null, undefined, [], 5, {}]) expect(recoverSigner(signed, seal)).toBeNull();
  });
});
