"""AES-256 encryption (FIPS 197) and counter mode (NIST SP 800-38A), byte by byte."""


def _double(byte):
    byte <<= 1
    return byte ^ 0x11B if byte & 0x100 else byte


def _sbox():
    box, p, q = [0x63] * 256, 1, 1
    while True:
        p ^= _double(p)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        box[p] = q ^ (q << 1 | q >> 7) & 0xFF ^ (q << 2 | q >> 6) & 0xFF ^ (q << 3 | q >> 5) & 0xFF ^ (q << 4 | q >> 4) & 0xFF ^ 0x63
        if p == 1:
            return box


SBOX = _sbox()
_DOUBLE = [_double(b) for b in range(256)]
_SHIFT = [(i + 4 * (i % 4)) % 16 for i in range(16)]


def expand_key(key):
    """Fifteen round keys of 16 bytes from a 32-byte key."""
    words, constant = [list(key[i : i + 4]) for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        word = list(words[i - 1])
        if i % 8 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= constant
            constant = _double(constant)
        elif i % 8 == 4:
            word = [SBOX[b] for b in word]
        words.append([a ^ b for a, b in zip(words[i - 8], word)])
    return [sum(words[i : i + 4], []) for i in range(0, 60, 4)]


def encrypt_block(round_keys, block):
    state = [b ^ k for b, k in zip(block, round_keys[0])]
    for key in round_keys[1:-1]:
        state = [SBOX[state[i]] for i in _SHIFT]
        mixed = []
        for c in range(0, 16, 4):
            a, b, d, e = state[c : c + 4]
            every = a ^ b ^ d ^ e
            mixed += [
                a ^ every ^ _DOUBLE[a ^ b],
                b ^ every ^ _DOUBLE[b ^ d],
                d ^ every ^ _DOUBLE[d ^ e],
                e ^ every ^ _DOUBLE[e ^ a],
            ]
        state = [b ^ k for b, k in zip(mixed, key)]
    return bytes(SBOX[state[i]] ^ k for i, k in zip(_SHIFT, round_keys[-1]))


def ctr_blocks(key):
    """The key stream from a zero counter block, 16 bytes at a time; the counter is big-endian over all 16 bytes."""
    round_keys, counter = expand_key(key), 0
    while True:
        yield encrypt_block(round_keys, counter.to_bytes(16, "big"))
        counter += 1
