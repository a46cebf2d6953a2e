// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Members' grants and totals in one study, three members to a storage word.
/// @notice A record reads and writes this for every included member, and a storage word costs 5,000 gas to change:
/// one word a member would cost more than everything else about its entry together.
///
/// Three lanes of 85 bits make a word, the first lowest. A lane is
///
///     | samples: 37 | rounds: 16 | until: 32 |    (until in the lowest bits)
///
/// `until` is the second at which the grant ends, 0 after a revocation; later than 2106 is kept as 2106. `rounds` and
/// `samples` count up; a lane that would overflow is emptied into a word of the member's own, where nothing overflows,
/// so totals are exact whatever is declared. `until` makes the word non-zero at grant time: the first record pays
/// for changing words, not for making them.
///
/// Slots of a group (256 g to 256 g + 255) have their lanes side by side in the order of slots, without gaps for those
/// who never joined, so that it costs nothing that a study's members are scattered over the consortium. Whoever joins
/// first moves the lanes above up by one. Lane numbers start at 258 g: 86 words of a group's own.
library Lanes {
    uint256 internal constant PER_WORD = 3;
    uint256 private constant PER_GROUP = 258;
    uint256 private constant LANE_BITS = 85;
    uint256 private constant LANE_MASK = (1 << LANE_BITS) - 1;
    uint256 private constant WORD_MASK = (1 << (PER_WORD * LANE_BITS)) - 1;
    uint256 private constant TOP_LANE_SHIFT = (PER_WORD - 1) * LANE_BITS;
    uint256 private constant UNTIL_MASK = type(uint32).max;
    uint256 private constant ROUNDS_SHIFT = 32;
    uint256 private constant ROUNDS_MASK = type(uint16).max;
    uint256 private constant ONE_ROUND = 1 << ROUNDS_SHIFT;
    uint256 private constant ROUNDS_FULL = 1 << 47;
    uint256 private constant SAMPLES_SHIFT = 48;

    /// @dev What lanes overflowed with. 2^32 rounds of 2^40 samples fit.
    struct Carried {
        uint64 rounds;
        uint128 samples;
    }

    struct Table {
        /// @dev A fixed array, not a mapping: a word is found by an addition instead of a hash. Must come first.
        uint256[22016] words;
        /// @dev Who has a lane, and keeps it: bit i of word g is slot 256 g + i.
        uint256[256] holders;
        mapping(uint256 slot => Carried) carried;
    }

    /// @return lane the number of a group's first lane.
    function first(uint256 group) internal pure returns (uint256 lane) {
        unchecked {
            return group * PER_GROUP;
        }
    }

    /// @dev `self.words[lane / PER_WORD]` without the check of bounds: no lane's word is beyond them.
    function load(Table storage self, uint256 index) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(add(self.slot, index))
        }
    }

    /// @dev `self.words[lane / PER_WORD] = word` without the check of bounds.
    function store(Table storage self, uint256 index, uint256 word) internal {
        assembly ("memory-safe") {
            sstore(add(self.slot, index), word)
        }
    }

    /// @param word that the lane is in.
    /// @return whether the lane's grant is live now.
    function isLive(uint256 word, uint256 lane) internal view returns (bool) {
        unchecked {
            return (word >> ((lane % PER_WORD) * LANE_BITS)) & UNTIL_MASK > block.timestamp;
        }
    }

    /// @param word that the lane is in.
    /// @param slot whose lane it is.
    /// @param samples below 2^40.
    /// @return the word with one round and its samples added.
    function add(Table storage self, uint256 word, uint256 lane, uint256 slot, uint256 samples)
        internal
        returns (uint256)
    {
        unchecked {
            uint256 shift = (lane % PER_WORD) * LANE_BITS;
            uint256 more = (samples << SAMPLES_SHIFT) + ONE_ROUND;
            uint256 sum = ((word >> shift) & LANE_MASK) + more;
            // Samples lie on top: their overflow leaves the lane. Rounds below them stop at 2^15, one bit before they
            // would run into samples.
            if ((sum >> LANE_BITS) | (sum & ROUNDS_FULL) == 0) return word + (more << shift);
            return _carry(self, word, shift, slot, samples);
        }
    }

    /// @notice Sets when the slot's grant ends, now that it has joined or left.
    function setUntil(Table storage self, uint256 slot, uint256 until) internal {
        _hold(self, slot);
        (uint256 index, uint256 shift) = _place(self, slot);
        if (until > UNTIL_MASK) until = UNTIL_MASK;
        self.words[index] = (self.words[index] & ~(UNTIL_MASK << shift)) | (until << shift);
    }

    function totals(Table storage self, uint256 slot) internal view returns (uint256 rounds, uint256 samples) {
        // Without a lane its place may be another's.
        if ((self.holders[slot >> 8] >> (slot & 0xff)) & 1 == 0) return (0, 0);
        (uint256 index, uint256 shift) = _place(self, slot);
        uint256 lane = (self.words[index] >> shift) & LANE_MASK;
        Carried memory carried = self.carried[slot];
        rounds = ((lane >> ROUNDS_SHIFT) & ROUNDS_MASK) + carried.rounds;
        samples = (lane >> SAMPLES_SHIFT) + carried.samples;
    }

    /// @notice Empties a lane into the slot's own word, with one round and `samples` more.
    /// @return the word of lanes that is left.
    function _carry(Table storage self, uint256 word, uint256 shift, uint256 slot, uint256 samples)
        private
        returns (uint256)
    {
        unchecked {
            uint256 lane = (word >> shift) & LANE_MASK;
            Carried storage carried = self.carried[slot];
            carried.rounds += uint64(((lane >> ROUNDS_SHIFT) & ROUNDS_MASK) + 1);
            carried.samples += uint128((lane >> SAMPLES_SHIFT) + samples);
            return word - ((lane & ~UNTIL_MASK) << shift);
        }
    }

    /// @notice Makes room for the slot's lane, if it has none: an empty one, those of higher slots moved up.
    function _hold(Table storage self, uint256 slot) private {
        uint256 group = slot >> 8;
        uint256 bit = 1 << (slot & 0xff);
        uint256 holders = self.holders[group];
        if (holders & bit != 0) return;
        self.holders[group] = holders | bit;
        (uint256 index, uint256 shift) = _place(self, slot);
        uint256 last = (first(group) + _count(holders)) / PER_WORD;
        // What lies below the new lane stays; what falls out at the top of a word comes in below in the next.
        uint256 word = self.words[index];
        uint256 above = (word >> shift) << shift;
        self.words[index] = (word ^ above) | ((above << LANE_BITS) & WORD_MASK);
        while (index < last) {
            uint256 moved = word >> TOP_LANE_SHIFT;
            word = self.words[++index];
            self.words[index] = ((word << LANE_BITS) & WORD_MASK) | moved;
        }
    }

    /// @param groups bit g: some slot of group g may have joined.
    /// @return count of slots that have ever joined.
    function holderCount(Table storage self, uint256 groups) internal view returns (uint256 count) {
        for (uint256 group; groups != 0; ++group) {
            if (groups & 1 != 0) count += _count(self.holders[group]);
            groups >>= 1;
        }
    }

    /// @dev For a slot that has a lane.
    function _place(Table storage self, uint256 slot) private view returns (uint256 index, uint256 shift) {
        uint256 below = self.holders[slot >> 8] & ((1 << (slot & 0xff)) - 1);
        uint256 lane = first(slot >> 8) + _count(below);
        return (lane / PER_WORD, (lane % PER_WORD) * LANE_BITS);
    }

    /// @return count of the bits that are set.
    function _count(uint256 bits) private pure returns (uint256 count) {
        unchecked {
            for (; bits != 0; bits &= bits - 1) {
                ++count;
            }
        }
    }
}
