import { describe, expect, test } from '@jest/globals';
import { encodeReceipt } from '../../../core/statements/documents.ts';
import { addressOf, digestOf, sign } from '../../../core/statements/sign.ts';
import { domain, type ReceiptMessage, type UpdateMessage } from '../../../core/statements/types.ts';
import { address, type Digest, digest } from '../../../core/values.ts';
import { checkReceipt } from '../../../worker/receipt.ts';

const hex = (byte: string): Digest => digest(`0x${byte.repeat(32)}`);
const key = `0x${'01'.repeat(32)}`;
const messages = domain(31337, address(`0x${'aa'.repeat(20)}`));
const statement: UpdateMessage = {
  study: hex('11'),
  round: 3,
  slot: 2,
  plan: hex('22'),
  baseModel: hex('33'),
  update: hex('44'),
  samples: 90,
  dataset: hex('55'),
  report: hex('66'),
};
const good: ReceiptMessage = {
  statement: digestOf('Update', messages, statement),
  study: statement.study,
  round: 3,
  slot: 2,
  baseModel: statement.baseModel,
  update: statement.update,
  samples: 90,
  recordBy: 1_000,
};
const expected = { domain: messages, coordinatorKey: addressOf(key), statement, recordBy: 1_000 };

function receipt(change: Partial<ReceiptMessage> = {}, signer = key): Uint8Array {
  const message = { ...good, ...change };
  return encodeReceipt({ message, signature: sign(signer, messages, 'Receipt', message) });
}

describe('a receipt', () => {
  test('that says what was sent, signed by the coordinator on chain, is accepted', () => {
    expect(checkReceipt(receipt(), expected).message).toEqual(good);
  });

  test.each<[keyof ReceiptMessage, Partial<ReceiptMessage>]>([
    ['statement', { statement: hex('99') }],
    ['study', { study: hex('99') }],
    ['round', { round: 4 }],
    ['slot', { slot: 1 }],
    ['baseModel', { baseModel: hex('99') }],
    ['update', { update: hex('99') }],
    ['samples', { samples: 91 }],
    ['recordBy', { recordBy: 1_001 }],
  ])('with another %s is refused, though the coordinator signed it', (field, change) => {
    expect(() => checkReceipt(receipt(change), expected)).toThrow(
      expect.objectContaining({ code: 'RECEIPT_INVALID', details: expect.objectContaining({ field }) }),
    );
  });

  test('signed by another key is refused', () => {
    expect(() => checkReceipt(receipt({}, `0x${'02'.repeat(32)}`), expected)).toThrow(
      expect.objectContaining({ code: 'RECEIPT_INVALID' }),
    );
  });
});
