import { describe, expect, test } from '@jest/globals';
import { parseFinality } from '../../../../coordinator/chain/finality.ts';

describe('finality as a setting', () => {
  test.each([
    ['instant', { kind: 'instant' }],
    ['finalized', { kind: 'finalized' }],
    ['blocks:12', { kind: 'blocks', n: 12 }],
    ['blocks: 12', { kind: 'blocks', n: 12 }],
  ])('reads %s', (text, finality) => {
    expect(parseFinality(text)).toEqual(finality);
  });

  test.each([
    '',
    'latest',
    'blocks',
    'blocks:',
    'blocks:0',
    'blocks:-1',
    'blocks:1.5',
    'blocks:1e3',
    'Instant',
    'safe',
  ])('refuses %j', (text) => {
    expect(() => parseFinality(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
