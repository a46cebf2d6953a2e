"""Holds the reference itself to published figures, before anything is held to it."""

import hashlib
import json
import struct

from reference import aes, blocks, eip712, merkle, rfc8785, rlp, secp256k1
from reference.keccak import keccak256


def check(name, got, wanted):
    if got != wanted:
        raise SystemExit(f"selftest: {name}: got {got!r}, published is {wanted!r}")


def hashes():
    check("keccak256 of nothing", keccak256(b"").hex(), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
    check("keccak256('abc')", keccak256(b"abc").hex(), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")
    check(
        "EIP-2612's Permit type hash",
        keccak256(b"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)").hex(),
        "6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9",
    )


def ciphers():
    # FIPS 197, appendix C.3.
    keys = aes.expand_key(bytes(range(32)))
    block = bytes.fromhex("00112233445566778899aabbccddeeff")
    check("AES-256", aes.encrypt_block(keys, block).hex(), "8ea2b7ca516745bfeafc49904b496089")
    # NIST SP 800-38A, F.5.5: CTR-AES256, first block.
    keys = aes.expand_key(bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"))
    stream = aes.encrypt_block(keys, bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
    check("CTR-AES256", stream.hex(), "0bdf7df1591716335e9a8b15c860c502")


def curve():
    # RFC 6979's nonce on secp256k1, as the Bitcoin and Ethereum libraries test it.
    signed = secp256k1.sign((1).to_bytes(32, "big"), hashlib.sha256(b"Satoshi Nakamoto").digest())
    check(
        "RFC 6979",
        signed[:64].hex(),
        "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
        "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
    )


def typed_data():
    """EIP-712's own example: a Mail from Cow to Bob."""
    person = "Person(string name,address wallet)"
    separator = eip712.domain_separator(1, "0x" + "c" * 40, name="Ether Mail", version="1")
    check("domain", separator.hex(), "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f")

    def hash_person(name, wallet):
        return keccak256(eip712.type_hash(person) + keccak256(name) + eip712.word("address", wallet))

    mail = keccak256(
        eip712.type_hash("Mail(Person from,Person to,string contents)" + person)
        + hash_person(b"Cow", "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826")
        + hash_person(b"Bob", "0x" + "b" * 40)
        + keccak256(b"Hello, Bob!")
    )
    digest = eip712.digest(separator, mail)
    check("Mail", digest.hex(), "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2")
    key = keccak256(b"cow")
    check("cow's address", secp256k1.address_of(key).hex(), "cd2a3d9f938e13cd947ec05abc7fe734df8dd826")
    check("recovered", secp256k1.recover(digest, secp256k1.sign(key, digest)).hex(), secp256k1.address_of(key).hex())


# RFC 8785, appendix B.
NUMBERS = {
    "0000000000000000": "0", "8000000000000000": "0", "0000000000000001": "5e-324", "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308", "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992", "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000", "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23", "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000", "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21", "3eb0c6f7a0b5ed8c": "9.999999999999997e-7", "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332", "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333", "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343", "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}  # fmt: skip


def documents():
    for bits, spelled in NUMBERS.items():
        check(bits, rfc8785.number(struct.unpack(">d", bytes.fromhex(bits))[0]), spelled)
    # RFC 8785, sections 3.2.2 to 3.2.4.
    sample = r"""{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    wanted = (
        r'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        r'"string":"€$\u000f\nA' + "'" + r'B\"\\\\\"/"}'
    )
    check("RFC 8785's sample", rfc8785.canonical(json.loads(sample)).decode("utf-8"), wanted)
    keys = {"\u20ac": 0, "\r": 0, "\ufb33": 0, "1": 0, "\U0001f600": 0, "\x80": 0, "\u00f6": 0}
    order = ["\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    check("order of keys", list(json.loads(rfc8785.canonical(keys))), order)


# Certificate Transparency's reference tree: leaves, and the root over the first n of them.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def trees():
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    for count, wanted in enumerate(ROOTS, start=1):
        check(f"tree of {count}", merkle.tree(leaves[:count]).hex(), wanted)


def prefixes():
    """Examples of Ethereum's documentation of RLP."""
    check("RLP of dog", rlp.encode(b"dog").hex(), "83646f67")
    check("RLP of a list", rlp.encode([b"cat", b"dog"]).hex(), "c88363617483646f67")
    check("RLP of 1024", rlp.encode(rlp.scalar(1024)).hex(), "820400")
    check("RLP of sets", rlp.encode([[], [[]], [[], [[]]]]).hex(), "c7c0c1c0c3c0c1c0")
    text = b"Lorem ipsum dolor sit amet, consectetur adipisicing elit"
    check("RLP of 56 bytes", rlp.encode(text).hex(), "b838" + text.hex())


def headers():
    """Block 0 of Ethereum's main chain."""
    genesis = {
        "parentHash": bytes(32),
        "sha3Uncles": keccak256(rlp.encode([])),
        "miner": bytes(20),
        "stateRoot": bytes.fromhex("d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"),
        "transactionsRoot": keccak256(rlp.encode(b"")),
        "receiptsRoot": keccak256(rlp.encode(b"")),
        "logsBloom": bytes(256),
        "difficulty": 17_179_869_184,
        "number": 0,
        "gasLimit": 5000,
        "gasUsed": 0,
        "timestamp": 0,
        "extraData": bytes.fromhex("11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"),
        "mixHash": bytes(32),
        "nonce": bytes.fromhex("0000000000000042"),
    }
    wanted = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
    check("the first block's hash", blocks.header_hash(genesis).hex(), wanted)


def run():
    for part in (hashes, ciphers, curve, typed_data, documents, trees, prefixes, headers):
        part()
