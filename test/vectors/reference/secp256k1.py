"""ECDSA over secp256k1 (SEC 2), deterministic nonces (RFC 6979 with HMAC-SHA-256), low s, recoverable."""

import hashlib
import hmac

from .keccak import keccak256

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def _add(a, b):
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return (x, (slope * (a[0] - x) - a[1]) % P)


def _multiply(scalar, point):
    result = None
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _address_of_point(point):
    return keccak256(point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big"))[12:]


def address_of(private_key):
    """The 20-byte Ethereum address of a 32-byte private key."""
    return _address_of_point(_multiply(int.from_bytes(private_key, "big"), G))


def _nonces(private_key, digest):
    """RFC 6979, section 3.2: candidates for k, one after another."""
    def mac(key, *parts):
        return hmac.new(key, b"".join(parts), hashlib.sha256).digest()

    reduced = (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    v, k = b"\x01" * 32, bytes(32)
    k = mac(k, v, b"\x00", private_key, reduced)
    v = mac(k, v)
    k = mac(k, v, b"\x01", private_key, reduced)
    v = mac(k, v)
    while True:
        v = mac(k, v)
        candidate = int.from_bytes(v, "big")
        if 1 <= candidate < N:
            yield candidate
        k = mac(k, v, b"\x00")
        v = mac(k, v)


def sign(private_key, digest):
    """r, s and v (27 or 28), 65 bytes."""
    secret, message = int.from_bytes(private_key, "big"), int.from_bytes(digest, "big")
    for k in _nonces(private_key, digest):
        point = _multiply(k, G)
        r = point[0] % N
        s = pow(k, -1, N) * (message + r * secret) % N
        if r == 0 or s == 0 or point[0] >= N:
            continue
        odd = point[1] & 1
        if s > N // 2:
            s, odd = N - s, odd ^ 1
        return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + odd])
    raise AssertionError("unreachable: the nonces never end")


def recover(digest, signature):
    """The address whose key made `signature` over `digest`."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    square = (pow(r, 3, P) + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        raise ValueError("r is the x coordinate of no point")
    if y & 1 != signature[64] - 27:
        y = P - y
    inverse = pow(r, -1, N)
    message = int.from_bytes(digest, "big")
    return _address_of_point(_add(_multiply(s * inverse % N, (r, y)), _multiply(-message * inverse % N, G)))
