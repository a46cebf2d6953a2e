"""Words of the contracts' storage, by docs/storage-layout.md, and what is packed in them."""

from dataclasses import dataclass

from bundle import Chain
from trie import keccak

NOBODY = "0x" + "00" * 20


def value_at(key: int, place: int) -> int:
    """Where a mapping at `place` has its value for `key` (Solidity, "Layout of State Variables in Storage")."""
    return int.from_bytes(keccak(key.to_bytes(32, "big") + place.to_bytes(32, "big")), "big")


def elements_at(place: int) -> int:
    """Where an array that grows, its length at `place`, has its elements (the same section)."""
    return int.from_bytes(keccak(place.to_bytes(32, "big")), "big")


def part(word: int, at: int, size: int) -> int:
    """`size` bytes of a word from byte `at` on, counted from the lowest."""
    return word >> (8 * at) & ((1 << 8 * size) - 1)


def bit(word: int, at: int) -> bool:
    return word >> at & 1 == 1


def digest_of(word: int) -> str:
    return f"0x{word:064x}"


def address_of(word: int, at: int = 0) -> str:
    return f"0x{part(word, at, 20):040x}"


@dataclass(frozen=True)
class Study:
    """What the ledger stores of a study. Times here and below are Unix seconds."""

    coordinator: str
    quorum: int
    outcome: int  # 0 while it is open
    last_round: int
    operator: str
    opened_at: int
    plan: str
    initial_model: str
    model: str
    head: str


def read_study(chain: Chain, ledger: str, study: str) -> Study | None:
    """None: the ledger knows no such study."""
    key = int(study, 16)
    progress, opening = chain.word(ledger, value_at(key, 2)), value_at(key, 3)
    opened, plan, initial = (chain.word(ledger, opening + i) for i in range(3))
    if part(progress, 0, 20) == 0:
        return None
    return Study(
        coordinator=address_of(progress),
        quorum=part(progress, 20, 2),
        outcome=part(progress, 22, 1),
        last_round=part(progress, 24, 4),
        operator=address_of(opened),
        opened_at=part(opened, 20, 8),
        plan=digest_of(plan),
        initial_model=digest_of(initial),
        model=digest_of(chain.word(ledger, value_at(key, 5))),
        head=digest_of(chain.word(ledger, value_at(key, 4))),
    )


def read_record_hash(chain: Chain, ledger: str, study: str, round: int) -> str:
    return digest_of(chain.word(ledger, value_at(round, value_at(int(study, 16), 6))))


def read_joined(chain: Chain, ledger: str, study: str) -> list[int]:
    """Every slot that ever joined: `groups` of the roster says in which words of `holders` to look."""
    key = int(study, 16)
    groups = chain.word(ledger, value_at(key, 7) + 512)
    words = [(group, _holders(chain, ledger, key, group)) for group in range(256) if bit(groups, group)]
    return [256 * group + i for group, word in words for i in range(256) if bit(word, i)]


def _holders(chain: Chain, ledger: str, key: int, group: int) -> int:
    return chain.word(ledger, value_at(key, 8) + 22016 + group)


def read_totals(chain: Chain, ledger: str, study: str, slot: int) -> tuple[int, int]:
    """Rounds and samples that the ledger counts. Three lanes of 85 bits make a word, the first lowest: 32 bits until,
    16 rounds, 37 samples; what overflowed stands in `carried`. Lanes of 256 slots begin at 258 g, without gaps for
    those who never joined (contracts/src/lib/Lanes.sol)."""
    key = int(study, 16)
    group, within = divmod(slot, 256)
    holders = _holders(chain, ledger, key, group)
    if not bit(holders, within):
        return 0, 0
    table = value_at(key, 8)
    lane = 258 * group + (holders & ((1 << within) - 1)).bit_count()
    word = chain.word(ledger, table + lane // 3) >> (85 * (lane % 3))
    carried = chain.word(ledger, value_at(slot, table + 22272))
    rounds = (word >> 32 & 0xFFFF) + part(carried, 0, 8)
    return rounds, (word >> 48 & ((1 << 37) - 1)) + part(carried, 8, 16)


@dataclass(frozen=True)
class Key:
    slot: int  # 0: a coordinator's
    owner: str
    valid_from: int
    valid_to: int  # 0 while it is the current one
    compromised: bool


def read_key(chain: Chain, consortium: str, key: str) -> Key | None:
    """None: nobody ever listed it."""
    place = value_at(int(key, 16), 9)
    first, second = chain.word(consortium, place), chain.word(consortium, place + 1)
    owner = address_of(first, 2)
    if owner == NOBODY:
        return None
    return Key(part(first, 0, 2), owner, part(first, 22, 8), part(second, 0, 8), bit(second, 64))


@dataclass(frozen=True)
class Grant:
    plan: str
    dataset: str
    granted_at: int
    until: int
    revoked_at: int  # 0: it was not withdrawn

    def live(self, time: int) -> bool:
        """One withdrawn in the same second may have been live a moment before."""
        return self.granted_at <= time < self.until and (self.revoked_at == 0 or time <= self.revoked_at)


def read_grants(chain: Chain, data_use: str, study: str, slot: int) -> list[Grant]:
    place = value_at(slot, value_at(int(study, 16), 4))
    grants = []
    for i in range(chain.word(data_use, place)):
        plan, dataset, times = (chain.word(data_use, elements_at(place) + 3 * i + j) for j in range(3))
        ends = (part(times, at, 8) for at in (0, 8, 16))
        grants.append(Grant(digest_of(plan), digest_of(dataset), *ends))
    return grants


def read_version(chain: Chain, data_use: str, slot: int, dataset: str, root: str) -> tuple[int, int] | None:
    """When a dataset's version was anchored, and the upper bound of its rows. None: it never was."""
    place = value_at(int(root, 16), value_at(int(dataset, 16), value_at(slot, 2)))
    word = chain.word(data_use, place)
    return None if word == 0 else (part(word, 0, 8), part(word, 8, 5))


@dataclass(frozen=True)
class Said:
    attested: bool
    disputed: bool  # and not withdrawn or dismissed since
    omission: int  # how a receipt is proven broken; 0: it is not


@dataclass(frozen=True)
class RoundVerdicts:
    attested: int
    disputed: int
    seconds_late: int
    members: dict[int, Said]


def read_verdicts(chain: Chain, verdicts: str, study: str, round: int, slots: list[int]) -> RoundVerdicts:
    """Bit i of word g of `said`: slot 128 g + i attests (contracts/src/Verdicts.sol). Dispute state 2 is an open one."""
    place = value_at(round, value_at(int(study, 16), 3))
    counts = chain.word(verdicts, place)
    members = {}
    for slot in slots:
        said = chain.word(verdicts, value_at(slot // 128, place + 1))
        dispute = part(chain.word(verdicts, value_at(slot, place + 2)), 0, 1)
        omission = part(chain.word(verdicts, value_at(slot, place + 3)), 0, 1)
        members[slot] = Said(bit(said, slot % 128), dispute == 2, omission)
    return RoundVerdicts(part(counts, 0, 2), part(counts, 2, 2), part(counts, 4, 8), members)


def read_standing(chain: Chain, verdicts: str, study: str) -> tuple[int, int]:
    """Rounds that the quorum attests, and open disputes, as the contract counts them."""
    word = chain.word(verdicts, value_at(int(study, 16), 2))
    return part(word, 0, 4), part(word, 4, 4)
