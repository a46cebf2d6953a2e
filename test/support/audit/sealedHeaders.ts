import { keccak256, SigningKey } from 'ethers';
import { type Address, address } from '../../../core/values.ts';
import { rlp } from './rlp.ts';

/** A block as `eth_getBlockByNumber` answers it, up to London, on a chain of a test's own. */
export interface TestBlock {
  readonly [key: string]: unknown;
  readonly extraData: string;
}

const zeros = (bytes: number) => `0x${'00'.repeat(bytes)}`;

export function testBlock(number: number, parentHash: string, extraData: string): TestBlock {
  return {
    parentHash,
    sha3Uncles: keccak256(rlp([])),
    miner: zeros(20),
    stateRoot: keccak256('0x01'),
    transactionsRoot: keccak256(rlp('0x')),
    receiptsRoot: keccak256(rlp('0x')),
    logsBloom: zeros(256),
    difficulty: '0x1',
    number: `0x${number.toString(16)}`,
    gasLimit: '0x5f5e100',
    gasUsed: '0x0',
    timestamp: `0x${(1_700_000_000 + number).toString(16)}`,
    extraData,
    mixHash: zeros(32),
    nonce: zeros(8),
    baseFeePerGas: '0x0',
    transactions: [],
    uncles: [],
  };
}

const HEADER =
  'parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit gasUsed timestamp extraData mixHash nonce baseFeePerGas';
const SCALARS = 'difficulty number gasLimit gasUsed timestamp baseFeePerGas';

/** keccak-256 of the header's RLP with that `extraData`, written here once more. */
export function hashWith(block: TestBlock, extraData: string): string {
  const items = HEADER.split(' ').map((key) => {
    const value = key === 'extraData' ? extraData : String(block[key]);
    if (!SCALARS.split(' ').includes(key)) return value;
    const digits = BigInt(value).toString(16);
    return BigInt(value) === 0n ? '0x' : `0x${digits.padStart(digits.length + (digits.length % 2), '0')}`;
  });
  return keccak256(rlp(items));
}

/** A key of a test's own, by number. */
export function testKey(i: number): SigningKey {
  return new SigningKey(keccak256(`0x${(i + 1).toString(16).padStart(4, '0')}`));
}

export function addressOf(key: SigningKey): Address {
  return address(`0x${keccak256(`0x${key.publicKey.slice(4)}`).slice(-40)}`);
}

/** r‖s‖v with v 0 or 1, as a block's seal has it. */
export function seal(key: SigningKey, hash: string): string {
  const { r, s, yParity } = key.sign(hash);
  return `${r}${s.slice(2)}0${yParity}`;
}

/** Order of the curve's group (SEC 2, section 2.4.1). */
export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The same key's other signature of the same hash, which anybody can make: s is high in it. */
export function highTwin(sealed: string): string {
  const s = (ORDER - BigInt(`0x${sealed.slice(66, 130)}`)).toString(16).padStart(64, '0');
  return `${sealed.slice(0, 66)}${s}${sealed.endsWith('00') ? '01' : '00'}`;
}
