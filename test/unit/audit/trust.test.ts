import { describe, expect, test } from '@jest/globals';
import { blockHash, type Header, readHeader } from '../../../audit/blocks/header.ts';
import { basisOf } from '../../../audit/trust.ts';
import { type Digest, digest } from '../../../core/values.ts';
import { rlp } from '../../support/audit/rlp.ts';
import { addressOf, hashWith, seal, testBlock, testKey } from '../../support/audit/sealedHeaders.ts';
import { thrown } from '../core/thrown.ts';

const keys = Array.from({ length: 4 }, (_, i) => testKey(i));
const validators = keys.map(addressOf);
const stranger = testKey(9);
const PARENT = `0x${'aa'.repeat(32)}`;
const VANITY = `0x${'00'.repeat(32)}`;

describe('a QBFT block', () => {
  const extra = (seals: readonly string[], listed: readonly string[]) => rlp([VANITY, listed, [], '0x', seals]);
  const sealedBy = (signers: readonly (typeof stranger)[], listed: readonly string[] = validators): Header => {
    const hash = hashWith(testBlock(7, PARENT, extra([], listed)), extra([], listed));
    return readHeader(
      testBlock(
        7,
        PARENT,
        extra(
          signers.map((key) => seal(key, hash)),
          listed,
        ),
      ),
    );
  };
  const trusting = (header: Header, hash: Digest = blockHash(header, 'qbft')) =>
    basisOf({ headers: [header], consensus: 'qbft' }, { kind: 'block', hash });

  test('is the trusted one by its hash, with the seals of those whom it names', () => {
    expect(trusting(sealedBy(keys))).toMatchObject({ kind: 'block' });
    expect(trusting(sealedBy([]))).toMatchObject({ kind: 'block' });
  });

  test.each([
    ['of a stranger', [...keys, stranger]],
    ['of one of them twice', [...keys, testKey(0)]],
  ])('is refused with a seal %s, which no part of its hash is of', (_, signers) => {
    const header = sealedBy(signers);
    expect(blockHash(header, 'qbft')).toBe(blockHash(sealedBy(keys), 'qbft'));
    expect(thrown(() => trusting(header)).code).toBe('SEALS_INSUFFICIENT');
    const trust = { kind: 'validators', consensus: 'qbft', validators } as const;
    expect(thrown(() => basisOf({ headers: [header], consensus: 'qbft' }, trust)).code).toBe('SEALS_INSUFFICIENT');
  });

  test('is refused with any byte of its seals changed', () => {
    const { items, ...header } = sealedBy([testKey(1)]);
    const { extraData } = header;
    for (let at = extraData.length - 130; at < extraData.length; at += 2) {
      const byte = Number.parseInt(extraData.slice(at, at + 2), 16) ^ 1;
      const changed = `${extraData.slice(0, at)}${byte.toString(16).padStart(2, '0')}${extraData.slice(at + 2)}`;
      const other = {
        ...header,
        extraData: changed,
        items: items.map((item) => (item === extraData ? changed : item)),
      };
      expect(thrown(() => trusting(other)).code).toBe('SEALS_INSUFFICIENT');
    }
  });

  test('that names no validators is taken by its hash, whoever sealed it', () => {
    expect(trusting(sealedBy([stranger], []))).toMatchObject({ kind: 'block' });
  });
});

describe('a Clique block', () => {
  const sealed = (number: number, parent: string, key: typeof stranger) => {
    const bare = VANITY;
    const hash = hashWith(testBlock(number, parent, bare), bare);
    return readHeader(testBlock(number, parent, `${bare}${seal(key, hash).slice(2)}`));
  };
  const chainOf = (...sealers: readonly (typeof stranger)[]) => {
    const headers: Header[] = [];
    for (const key of sealers) {
      const last = headers.at(-1);
      headers.push(sealed(7 + headers.length, last === undefined ? PARENT : blockHash(last, 'clique'), key));
    }
    return headers;
  };
  const trust = { kind: 'validators', consensus: 'clique', validators: validators.slice(0, 3) } as const;

  test('stands by those who built upon it; the last of them is one who is trusted', () => {
    const [first, second] = keys as [typeof stranger, typeof stranger];
    const stands = chainOf(first, stranger, second);
    expect(basisOf({ headers: stands, consensus: 'clique' }, trust)).toMatchObject({ kind: 'validators' });
    const loose = chainOf(first, second, stranger);
    expect(thrown(() => basisOf({ headers: loose, consensus: 'clique' }, trust)).code).toBe('SEALS_INSUFFICIENT');
  });

  test('that is trusted by its hash stands alone: nothing proves what is built upon it', () => {
    const headers = chainOf(...keys.slice(0, 2));
    const hash = digest(blockHash(headers[0] as Header, 'clique'));
    const alone = { headers: headers.slice(0, 1), consensus: 'clique' } as const;
    expect(basisOf(alone, { kind: 'block', hash })).toEqual({ kind: 'block', hash });
    expect(thrown(() => basisOf({ headers, consensus: 'clique' }, { kind: 'block', hash })).code).toBe(
      'DOCUMENT_INVALID',
    );
  });
});
