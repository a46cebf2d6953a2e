"""What a block's hash is of, and what its sealers sign, by consensus.

Ethereum: Yellow Paper, section 4.4.3; what forks append: EIP-1559, 4895, 4844, 4788 and 7685. Clique: EIP-225. QBFT: the
EEA's specification ("QBFT Blockchain Consensus Protocol", version 1, section on block headers), as Besu and GoQuorum have it.
"""

from . import rlp
from .keccak import keccak256

FIELDS = [
    ("parentHash", False),
    ("sha3Uncles", False),
    ("miner", False),
    ("stateRoot", False),
    ("transactionsRoot", False),
    ("receiptsRoot", False),
    ("logsBloom", False),
    ("difficulty", True),
    ("number", True),
    ("gasLimit", True),
    ("gasUsed", True),
    ("timestamp", True),
    ("extraData", False),
    ("mixHash", False),
    ("nonce", False),
    ("baseFeePerGas", True),
    ("withdrawalsRoot", False),
    ("blobGasUsed", True),
    ("excessBlobGas", True),
    ("parentBeaconBlockRoot", False),
    ("requestsHash", False),
]


def header_hash(header, extra_data=None):
    """`header`: fields by name, bytes or whole numbers; later forks' fields may be missing."""
    items = []
    for name, is_scalar in FIELDS:
        if name not in header:
            break
        value = extra_data if name == "extraData" and extra_data is not None else header[name]
        items.append(rlp.scalar(value) if is_scalar else value)
    return keccak256(rlp.encode(items))


def qbft_extra(vanity, validators, vote, round_, seals):
    """`vote`: None, or (address, bool) for a proposal to add or to drop a validator."""
    told = [] if vote is None else [vote[0], b"\xff" if vote[1] else b"\0"]
    return rlp.encode([vanity, list(validators), told, rlp.scalar(round_), list(seals)])


def qbft_hash(header, vanity, validators, vote):
    """What names a block: its validators commit in different rounds and with different seals, and both are left out."""
    return header_hash(header, qbft_extra(vanity, validators, vote, 0, []))


def qbft_signed(header, vanity, validators, vote, round_):
    """What a validator's commit seal is of."""
    return header_hash(header, qbft_extra(vanity, validators, vote, round_, []))


def clique_signed(header):
    """What a Clique seal, the last 65 bytes of extraData, is of."""
    return header_hash(header, header["extraData"][:-65])
