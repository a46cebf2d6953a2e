"""Solidity's ABI for words, and EIP-712 for flat structs, which is all that Syndic signs."""

from .keccak import keccak256

DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
UPDATE = (
    "Update(bytes32 study,uint32 round,uint16 slot,bytes32 plan,bytes32 baseModel,bytes32 update,"
    "uint64 samples,bytes32 dataset,bytes32 report)"
)
RECEIPT = (
    "Receipt(bytes32 statement,bytes32 study,uint32 round,uint16 slot,bytes32 baseModel,bytes32 update,"
    "uint64 samples,uint64 recordBy)"
)
LOGIN = "Login(address from,address to,bytes32 nonce,uint64 expires)"
ATTEST = "Attest(bytes32 study,uint32 round,uint16 slot,bytes32 recordHash)"
DISPUTE = "Dispute(bytes32 study,uint32 round,uint16 slot,bytes32 recordHash,uint8 reason)"
OPEN_STUDY = "OpenStudy(bytes32 plan,bytes32 initialModel,address coordinator,uint16 minIncluded,bytes32 salt)"


def unhex(text):
    if not text.startswith("0x"):
        raise ValueError(f"not 0x-hex: {text!r}")
    return bytes.fromhex(text[2:])


def tohex(data):
    return "0x" + data.hex()


def word(kind, value):
    """One 32-byte word of the ABI. Values are JSON's: 0x-hex for bytes, whole numbers for counts."""
    if kind == "bytes32":
        data = unhex(value)
        if len(data) != 32:
            raise ValueError(f"not 32 bytes: {value}")
        return data
    if kind == "address":
        data = unhex(value)
        if len(data) != 20:
            raise ValueError(f"not an address: {value}")
        return bytes(12) + data
    if kind.startswith("uint"):
        if not 0 <= value < 2 ** int(kind[4:]):
            raise ValueError(f"{value} is no {kind}")
        return value.to_bytes(32, "big")
    raise ValueError(f"unknown kind {kind}")


def abi_encode(*pairs):
    """abi.encode of static values: (kind, value) pairs."""
    return b"".join(word(kind, value) for kind, value in pairs)


def members(type_):
    return [tuple(member.split(" ")) for member in type_[type_.index("(") + 1 : -1].split(",")]


def type_hash(type_):
    return keccak256(type_.encode("ascii"))


def struct_hash(type_, message):
    named = members(type_)
    if sorted(message) != sorted(name for _, name in named):
        raise ValueError(f"{sorted(message)} are not the members of {type_}")
    return keccak256(type_hash(type_) + b"".join(word(kind, message[name]) for kind, name in named))


def domain_separator(chain_id, verifying_contract, name="Syndic", version="1"):
    return keccak256(
        type_hash(DOMAIN)
        + keccak256(name.encode("utf-8"))
        + keccak256(version.encode("utf-8"))
        + abi_encode(("uint256", chain_id), ("address", verifying_contract))
    )


def digest(separator, hashed_struct):
    return keccak256(b"\x19\x01" + separator + hashed_struct)
