import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { encodeRlp } from 'ethers/utils';
import { blockHash, type Consensus, readHeader } from '../../../audit/blocks/header.ts';
import { needs } from '../../support/needs.ts';
import { hasPythonVerifier, PYTHON_VERIFIER } from '../../support/pythonVerifier.ts';

const folder = new URL('../../../examples/verify-python/', import.meta.url).pathname;
const SCRIPT = `
import json, sys
sys.path.insert(0, sys.argv[1])
from header import read_header
print(json.dumps(["0x" + read_header(block, consensus).hash.hex() for consensus, block in json.load(sys.stdin)]))
`;
const bytes = (length: number, fill = '5a') => `0x${fill.repeat(length)}`;
const legacy = {
  ...{ parentHash: bytes(32), sha3Uncles: bytes(32, '01'), miner: bytes(20), stateRoot: bytes(32, '02') },
  ...{ transactionsRoot: bytes(32, '03'), receiptsRoot: bytes(32, '04'), logsBloom: bytes(256, '00') },
  ...{ difficulty: '0x2', number: '0x1234', gasLimit: '0x1c9c380', gasUsed: '0x0', timestamp: '0x66000000' },
  ...{ extraData: '0x', mixHash: bytes(32, '05'), nonce: bytes(8, '00') },
};
const cancun = { withdrawalsRoot: bytes(32, '06'), blobGasUsed: '0x0', excessBlobGas: '0x80' };
const qbft = encodeRlp([bytes(32, '00'), [bytes(20), bytes(20, '07')], [], '0x03', [bytes(65, '11'), bytes(65, '22')]]);

needs(PYTHON_VERIFIER, hasPythonVerifier())('the verifier in Python', () => {
  test('hashes headers of every consensus and fork as ours does', () => {
    const later = { ...legacy, baseFeePerGas: '0x7', ...cancun, parentBeaconBlockRoot: bytes(32, '08') };
    const blocks: [Consensus, Record<string, string>][] = [
      ['ethereum', legacy],
      ['ethereum', { ...legacy, baseFeePerGas: '0x0' }],
      ['ethereum', { ...later, requestsHash: bytes(32, '09') }],
      ['clique', { ...legacy, extraData: bytes(32 + 65) }],
      ['qbft', { ...legacy, extraData: qbft }],
      ['qbft', { ...later, extraData: qbft }],
    ];
    const { stdout, stderr } = spawnSync('python3', ['-B', '-c', SCRIPT, folder], {
      input: JSON.stringify(blocks),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(blocks.map(([consensus, block]) => blockHash(readHeader(block), consensus)));
  });
});
