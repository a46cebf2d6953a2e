import { describe, expect, test } from '@jest/globals';
import { AbiCoder, concat, Interface, id } from 'ethers';
import { consortiumAbi, ledgerAbi } from '../../../../coordinator/chain/abi.ts';
import { contractErrorOf, decodeRevert, revertOf } from '../../../../coordinator/chain/revert.ts';

describe("a contract's error", () => {
  test('of any of the contracts comes by name, its arguments as text', () => {
    const account = '0xAbcdefabcdefABCDefabcDefabCdefABcDEfabcD'.toLowerCase();
    expect(decodeRevert(ledgerAbi.encodeErrorResult('GrantNotLive', [7]))).toEqual({
      name: 'GrantNotLive',
      args: ['7'],
    });
    expect(decodeRevert(consortiumAbi.encodeErrorResult('AccountAlreadyMember', [account]))).toEqual({
      name: 'AccountAlreadyMember',
      args: [account],
    });
  });

  test("Solidity's own errors keep their names", () => {
    const error = new Interface(['error Error(string)']).encodeErrorResult('Error', ['no']);
    expect(decodeRevert(error)).toEqual({ name: 'Error', args: ['no'] });
    const panic = concat([id('Panic(uint256)').slice(0, 10), AbiCoder.defaultAbiCoder().encode(['uint256'], [17])]);
    expect(decodeRevert(panic)).toEqual({ name: 'Panic', args: ['17'] });
  });

  test('what nobody knows is Unknown with its data, and no data is Reverted', () => {
    expect(decodeRevert('0x12345678')).toEqual({ name: 'Unknown', args: ['0x12345678'] });
    const cut = ledgerAbi.encodeErrorResult('GrantNotLive', [7]).slice(0, 20);
    expect(decodeRevert(cut)).toEqual({ name: 'Unknown', args: [cut] });
    expect(decodeRevert('0x')).toEqual({ name: 'Reverted', args: [] });
  });

  test('is found in what ethers throws, and only there', () => {
    const data = ledgerAbi.encodeErrorResult('GrantNotLive', [7]);
    const thrown = revertOf({ code: 'CALL_EXCEPTION', data });
    expect(thrown).toMatchObject({ code: 'CHAIN_REVERTED', message: expect.stringContaining('GrantNotLive(7)') });
    expect(contractErrorOf(thrown)).toEqual({ name: 'GrantNotLive', args: ['7'] });
    const bare = { code: 'UNKNOWN_ERROR', error: { message: 'execution reverted' } };
    expect(contractErrorOf(revertOf(bare))).toEqual({ name: 'Reverted', args: [] });
    expect(revertOf({ code: 'TIMEOUT' })).toBeNull();
    expect(revertOf({ code: 'UNKNOWN_ERROR', error: { message: 'header not found' } })).toBeNull();
    expect(contractErrorOf(new Error('GrantNotLive'))).toBeNull();
  });
});
