import { describe, expect, test } from '@jest/globals';
import { AbiCoder, concat, id, keccak256, SigningKey, toBeHex, toUtf8Bytes, verifyTypedData } from 'ethers';
import fc from 'fast-check';
import { addressOf, digestOf, recover, sign } from '../../../../core/statements/sign.ts';
import { studyId } from '../../../../core/statements/studyId.ts';
import { domain, type MessageKind, type MessageOf, messageTypes } from '../../../../core/statements/types.ts';
import { address, digest, type Signature } from '../../../../core/values.ts';
import { thrown } from '../thrown.ts';

const d = (byte: number) => digest(toBeHex(byte, 32));
const a = (byte: number) => address(toBeHex(byte, 20));
const ledger = a(0xaa);
const here = domain(31_337, ledger);
const key = `0x${'07'.repeat(32)}`;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The types as the design spells them. */
const encodings: Record<MessageKind, string> = {
  Update:
    'Update(bytes32 study,uint32 round,uint16 slot,bytes32 plan,bytes32 baseModel,bytes32 update,uint64 samples,bytes32 dataset,bytes32 report)',
  Receipt:
    'Receipt(bytes32 statement,bytes32 study,uint32 round,uint16 slot,bytes32 baseModel,bytes32 update,uint64 samples,uint64 recordBy)',
  Login: 'Login(address from,address to,bytes32 nonce,uint64 expires)',
  OpenStudy: 'OpenStudy(bytes32 plan,bytes32 initialModel,address coordinator,uint16 minIncluded,bytes32 salt)',
  Attest: 'Attest(bytes32 study,uint32 round,uint16 slot,bytes32 recordHash)',
  Dispute: 'Dispute(bytes32 study,uint32 round,uint16 slot,bytes32 recordHash,uint8 reason)',
};

const messages: MessageOf = {
  Update: {
    study: d(1),
    round: 2,
    slot: 3,
    plan: d(4),
    baseModel: d(5),
    update: d(6),
    samples: 2 ** 40 - 1,
    dataset: d(7),
    report: d(8),
  },
  Receipt: {
    statement: d(1),
    study: d(2),
    round: 3,
    slot: 4,
    baseModel: d(5),
    update: d(6),
    samples: 7,
    recordBy: 2_000_000_000,
  },
  Login: { from: a(1), to: a(2), nonce: d(3), expires: 4 },
  OpenStudy: { plan: d(1), initialModel: d(2), coordinator: a(3), minIncluded: 4, salt: d(5) },
  Attest: { study: d(1), round: 2, slot: 3, recordHash: d(4) },
  Dispute: { study: d(1), round: 2, slot: 3, recordHash: d(4), reason: 255 },
};
const kinds = Object.keys(messages) as MessageKind[];

/** EIP-712 by hand: every field of ours is one 32-byte word. */
function digestByHand(kind: MessageKind): string {
  const values = Object.values(messages[kind]) as (string | number)[];
  const words = values.map((value) => toBeHex(BigInt(value), 32));
  const struct = keccak256(concat([id(encodings[kind]), ...words]));
  const separator = keccak256(
    concat([
      id('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
      keccak256(toUtf8Bytes('Syndic')),
      keccak256(toUtf8Bytes('1')),
      toBeHex(31_337, 32),
      toBeHex(BigInt(ledger), 32),
    ]),
  );
  return keccak256(concat(['0x1901', separator, struct]));
}

/** The same signature with another part in place. */
function withPart(signature: Signature, part: { s?: bigint; v?: number }): string {
  const s = part.s === undefined ? signature.slice(66, 130) : part.s.toString(16).padStart(64, '0');
  const v = part.v === undefined ? signature.slice(130) : part.v.toString(16).padStart(2, '0');
  return `${signature.slice(0, 66)}${s}${v}`;
}

describe('a message', () => {
  test.each(kinds)('%s has the type that the design spells', (kind) => {
    const fields = messageTypes[kind].map(({ name, type }) => `${type} ${name}`).join(',');
    expect(`${kind}(${fields})`).toBe(encodings[kind]);
  });

  test.each(kinds)('%s hashes as EIP-712 has it', (kind) => {
    expect(digestOf(kind, here, messages[kind])).toBe(digestByHand(kind));
  });

  test.each(kinds)('%s recovers to its signer, for us and for ethers alike', (kind) => {
    const signature = sign(key, here, kind, messages[kind]);
    expect(signature).toMatch(/^0x[0-9a-f]{128}(1b|1c)$/);
    expect(recover(here, kind, messages[kind], signature)).toBe(addressOf(key));
    const types = { [kind]: [...messageTypes[kind]] };
    expect(verifyTypedData({ ...here }, types, { ...messages[kind] }, signature).toLowerCase()).toBe(addressOf(key));
  });

  test('signs alike with a key, its bytes or a SigningKey', () => {
    const signature = sign(key, here, 'Login', messages.Login);
    expect(sign(new Uint8Array(32).fill(7), here, 'Login', messages.Login)).toBe(signature);
    expect(sign(new SigningKey(key), here, 'Login', messages.Login)).toBe(signature);
  });

  test('recovers to another address on another chain, ledger or message', () => {
    const signature = sign(key, here, 'Update', messages.Update);
    const changed = { ...messages.Update, samples: 1 };
    for (const recovered of [
      recover(domain(1, ledger), 'Update', messages.Update, signature),
      recover(domain(31_337, a(1)), 'Update', messages.Update, signature),
      recover(here, 'Update', changed, signature),
    ]) {
      expect(recovered).not.toBe(addressOf(key));
    }
  });

  test('takes low s only: each signature has one form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (round) => {
        const message = { ...messages.Update, round };
        const signature = sign(key, here, 'Update', message);
        const s = BigInt(`0x${signature.slice(66, 130)}`);
        expect(s * 2n < ORDER).toBe(true);
        const twin = withPart(signature, { s: ORDER - s, v: signature.endsWith('1b') ? 28 : 27 });
        expect(thrown(() => recover(here, 'Update', message, twin))).toMatchObject({
          code: 'SIGNATURE_INVALID',
          message: 'signature is malformed: s is in the upper half of the order',
        });
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  test('takes v 27 and 28 only', () => {
    const signature = sign(key, here, 'Login', messages.Login);
    for (let v = 0; v < 256; v++) {
      if (v === 27 || v === 28) continue;
      const other = withPart(signature, { v });
      expect(thrown(() => recover(here, 'Login', messages.Login, other)).details).toEqual({
        reason: `v is ${v}: 27 or 28 is wanted`,
      });
    }
  });

  test('takes the largest s of the lower half', () => {
    const half = withPart(sign(key, here, 'Login', messages.Login), { s: ORDER / 2n });
    expect(recover(here, 'Login', messages.Login, half)).toMatch(/^0x[0-9a-f]{40}$/);
    const above = withPart(sign(key, here, 'Login', messages.Login), { s: ORDER / 2n + 1n });
    expect(thrown(() => recover(here, 'Login', messages.Login, above)).message).toContain('upper half');
  });

  test('refuses a signature of another length or spelling, or of no point', () => {
    const signature = sign(key, here, 'Login', messages.Login);
    const noPoint = `0x${'f'.repeat(64)}${signature.slice(66)}`;
    const zero = `0x${'0'.repeat(128)}1b`;
    const compact = signature.slice(0, 130);
    const upper = `0x${signature.slice(2).toUpperCase()}`;
    for (const bad of ['', '0x', compact, `${signature}00`, ` ${signature}`, upper, signature.slice(2)]) {
      expect(thrown(() => recover(here, 'Login', messages.Login, bad))).toMatchObject({
        code: 'SIGNATURE_INVALID',
        message: 'signature is malformed: not 65 bytes as lower-case 0x-hex',
      });
    }
    for (const bad of [noPoint, zero]) {
      const error = thrown(() => recover(here, 'Login', messages.Login, bad));
      expect(error).toMatchObject({
        code: 'SIGNATURE_INVALID',
        message: 'signature is of no key: sign the message again',
        details: { kind: 'Login' },
      });
    }
  });

  test.each([
    ['slot', { slot: 65_536 }],
    ['round', { round: -1 }],
    ['samples', { samples: 0.5 }],
    ['plan', { plan: '0x12' as never }],
  ])('is not hashed when its %s does not fit', (_, change) => {
    const error = thrown(() => digestOf('Update', here, { ...messages.Update, ...change }));
    expect(error).toMatchObject({
      code: 'DOCUMENT_INVALID',
      message: expect.stringMatching(/^Update cannot be hashed: ./),
      details: { kind: 'Update', reason: expect.any(String) },
    });
    expect(error.cause).toBeInstanceOf(Error);
  });
});

test('a domain names the product, its version, the chain and the contract', () => {
  expect(domain(31_337, ledger)).toEqual({ name: 'Syndic', version: '1', chainId: 31_337n, verifyingContract: ledger });
});

test('a study’s id is the keccak of its chain, ledger, operator, plan and salt', () => {
  const words = [toBeHex(31_337, 32), ...[ledger, a(2), d(3), d(4)].map((value) => toBeHex(BigInt(value), 32))];
  expect(studyId(31_337, ledger, a(2), d(3), d(4))).toBe(keccak256(concat(words)));
  expect(studyId(31_337n, ledger, a(2), d(3), d(4))).toBe(studyId(31_337, ledger, a(2), d(3), d(4)));
  expect(AbiCoder.defaultAbiCoder().encode(['uint256'], [31_337])).toBe(words[0]);
});
