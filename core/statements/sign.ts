import { keccak256, SigningKey } from 'ethers/crypto';
import { TypedDataEncoder } from 'ethers/hash';
import { computeAddress } from 'ethers/transaction';
import { concat } from 'ethers/utils';
import { crypto } from '#crypto';
import { SyndicError } from '../errors/SyndicError.ts';
import { type Address, address, bytesToHex, type Digest, digest, hexToBytes, type Signature } from '../values.ts';
import { type Domain, type MessageKind, type MessageOf, messageTypes } from './types.ts';

const SIGNATURE = /^0x[0-9a-f]{130}$/;
/** Half the order of secp256k1 (SEC 2, section 2.4.1): a signature with a larger s has a twin with a smaller one. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/**
 * The EIP-712 digest of a message: what is signed.
 *
 * @throws SyndicError DOCUMENT_INVALID when a field does not fit its type
 */
export function digestOf<K extends MessageKind>(kind: K, domain: Domain, message: MessageOf[K]): Digest {
  try {
    const hash = encoderOf(kind).hash({ ...message });
    return digest(keccak256(concat(['0x1901', separatorOf(domain), hash])));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyndicError('DOCUMENT_INVALID', `${kind} cannot be hashed: ${reason}`, { kind, reason }, { cause });
  }
}

const separators = new Map<string, string>();

/** The domain's separator. A process meets few domains, and each in every message. */
function separatorOf(domain: Domain): string {
  const name = `${domain.chainId} ${domain.verifyingContract}`;
  const known = separators.get(name);
  if (known !== undefined) return known;
  const made = TypedDataEncoder.hashDomain({ ...domain });
  separators.set(name, made);
  return made;
}

const encoders = new Map<MessageKind, TypedDataEncoder>();

/** Reading a type takes ethers longer than hashing a message of it. */
function encoderOf(kind: MessageKind): TypedDataEncoder {
  const known = encoders.get(kind);
  if (known !== undefined) return known;
  const made = TypedDataEncoder.from({ [kind]: [...messageTypes[kind]] });
  encoders.set(kind, made);
  return made;
}

/**
 * Signs with a plain secp256k1 key: r‖s‖v, low s, v 27 or 28. Deterministic (RFC 6979).
 *
 * @param key 32 bytes, as 0x-hex or ethers' SigningKey
 */
export function sign<K extends MessageKind>(
  key: string | Uint8Array | SigningKey,
  domain: Domain,
  kind: K,
  message: MessageOf[K],
): Signature {
  const signingKey = key instanceof SigningKey ? key : new SigningKey(key);
  return signingKey.sign(digestOf(kind, domain, message)).serialized.toLowerCase() as Signature;
}

/**
 * The address whose key made the signature. The caller compares it.
 *
 * @throws SyndicError SIGNATURE_INVALID on a wrong length or spelling, a high s, a v other than 27 or 28, or a point
 * that is not on the curve; DOCUMENT_INVALID as `digestOf`
 */
export function recover<K extends MessageKind>(
  domain: Domain,
  kind: K,
  message: MessageOf[K],
  signature: string,
): Address {
  checkForm(signature);
  const bytes = hexToBytes(signature);
  const hash = hexToBytes(digestOf(kind, domain, message));
  const key = crypto.recoverKey(hash, bytes.subarray(0, 64), bytes[64] === 28 ? 1 : 0);
  if (key === null)
    throw new SyndicError('SIGNATURE_INVALID', 'signature is of no key: sign the message again', { kind });
  // An account's address is the end of its key's hash (Ethereum yellow paper, section 4, equation 320).
  return address(`0x${keccak256(key.subarray(1)).slice(-40)}`);
}

function checkForm(signature: string): void {
  if (!SIGNATURE.test(signature)) throw malformed('not 65 bytes as lower-case 0x-hex');
  const bytes = hexToBytes(signature);
  const v = bytes[64];
  if (v !== 27 && v !== 28) throw malformed(`v is ${v}: 27 or 28 is wanted`);
  if (BigInt(bytesToHex(bytes.subarray(32, 64))) > HALF_ORDER) throw malformed('s is in the upper half of the order');
}

function malformed(reason: string): SyndicError {
  return new SyndicError('SIGNATURE_INVALID', `signature is malformed: ${reason}`, { reason });
}

/** The address of a private key. */
export function addressOf(key: string | Uint8Array | SigningKey): Address {
  return address(computeAddress(key instanceof SigningKey ? key : new SigningKey(key)));
}
