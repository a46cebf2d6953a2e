// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IRoundLedger} from "../interfaces/IRoundLedger.sol";
import {Lanes} from "./Lanes.sol";
import {Rosters} from "./Rosters.sol";

/// @title A record's entries: 64 bytes a slot of the roster, ascending.
/// @notice First `update`, then `samples << 32 | reason << 24 | status << 16 | slot`, big-endian, bits above 72 zero.
library Entries {
    uint256 internal constant BYTES = 64;

    uint256 internal constant ABSENT = 0;
    uint256 private constant INCLUDED = 1;
    uint256 private constant EXCLUDED = 2;
    uint256 internal constant NOT_SELECTED = 3;

    /// @dev No word of lanes has this index.
    uint256 private constant NOWHERE = type(uint256).max;

    /// @dev What the walk over a record's entries keeps in memory, because the stack is too small for it. The event
    /// reads the first two by their position.
    struct Walk {
        bytes32 study;
        uint256 round;
        /// @dev the consortium's: see `coordination`
        uint256 suspendedGroups;
        /// @dev position of the first entry in calldata
        uint256 first;
        /// @dev of the group where the walk is, bit i being slot 256 group + i: its suspended members
        uint256 suspended;
        /// @dev and those not on the roster whose lanes have not been passed yet
        uint256 gone;
        uint256 included;
    }

    /// @notice Checks every entry against the roster and the grants, counts it, and makes its event.
    /// @dev This loop and the one it calls are where a record's gas goes, hence: no checked arithmetic (positions stay
    /// within calldata), entries read and events written without a copy in between, storage words held as long as
    /// they can be of use.
    /// @param entries as many as the roster has slots.
    /// @param walk with study, round and suspendedGroups filled in.
    /// @return included how many are.
    function record(
        Walk memory walk,
        bytes calldata entries,
        Rosters.Roster storage roster,
        Lanes.Table storage table,
        IConsortium consortium
    ) internal returns (uint256 included) {
        uint256 at;
        assembly ("memory-safe") {
            at := entries.offset
        }
        walk.first = at;
        uint256 end = at + entries.length;
        uint256 nextGroup;
        // Each group consumes as many entries as the roster has slots in it, groups ascend, and there are as many
        // entries as slots: the walk ends exactly at the end, with every slot seen.
        while (at < end) {
            uint256 group = (_word(at) & 0xffff) >> 8;
            uint256 expected = roster.current[group];
            if (group < nextGroup) revert IRoundLedger.EntriesMismatch((at - walk.first) / BYTES);
            nextGroup = group + 1;
            walk.suspended = (walk.suspendedGroups >> group) & 1 == 0 ? 0 : consortium.suspendedIn(uint8(group));
            walk.gone = table.holders[group] & ~expected;
            at = _recordGroup(walk, table, at, group << 8, expected);
        }
        return walk.included;
    }

    /// @notice The same for the entries whose slots share a word of the roster.
    /// @param at position of the group's first entry in calldata.
    /// @param base the first slot that the group could have.
    /// @param expected the group's slots that have had no entry yet: bit i is slot `base` + i. None: its first entry is
    /// refused.
    /// @return position behind the group's last entry.
    function _recordGroup(Walk memory walk, Lanes.Table storage table, uint256 at, uint256 base, uint256 expected)
        private
        returns (uint256)
    {
        unchecked {
            // The word of lanes at hand: neighbours share it, and it is written back when the walk leaves it.
            uint256 index = NOWHERE;
            uint256 lanes;
            uint256 lane = Lanes.first(base >> 8);
            do {
                uint256 word = _word(at);
                uint256 slot = word & 0xffff;
                // The lowest expected slot must be this entry's. A slot of another group shifts out to no bit at all.
                if (1 << (slot ^ base) != expected & (0 - expected)) {
                    revert IRoundLedger.EntriesMismatch((at - walk.first) / BYTES);
                }
                if (walk.gone != 0) lane += _passGone(walk, slot ^ base);
                expected &= expected - 1;
                // Status and reason side by side: included, without a reason.
                if ((word >> 16) & 0xffff == INCLUDED) {
                    if (_isMalformedInclusion(at, word)) revert IRoundLedger.EntryMalformed((at - walk.first) / BYTES);
                    if (walk.suspended != 0) _requireNotSuspended(walk.suspended, slot);
                    if (lane / Lanes.PER_WORD != index) {
                        if (index != NOWHERE) Lanes.store(table, index, lanes);
                        index = lane / Lanes.PER_WORD;
                        lanes = Lanes.load(table, index);
                    }
                    if (!Lanes.isLive(lanes, lane)) revert IRoundLedger.GrantNotLive(uint16(slot));
                    lanes = Lanes.add(table, lanes, lane, slot, word >> 32);
                    ++walk.included;
                } else if (!_isWellFormed(at, word)) {
                    revert IRoundLedger.EntryMalformed((at - walk.first) / BYTES);
                }
                // emit UpdateRecorded(study, round, slot, status, reason, update, samples), without the encoder.
                bytes32 signature = IRoundLedger.UpdateRecorded.selector;
                assembly ("memory-safe") {
                    let data := mload(0x40)
                    mstore(data, and(shr(16, word), 0xff))
                    mstore(add(data, 32), and(shr(24, word), 0xff))
                    mstore(add(data, 64), calldataload(at))
                    mstore(add(data, 96), shr(32, word))
                    log4(data, 128, signature, mload(walk), mload(add(walk, 32)), slot)
                }
                at += BYTES;
                ++lane;
            } while (expected != 0);
            if (index != NOWHERE) Lanes.store(table, index, lanes);
            return at;
        }
    }

    /// @return lanes how many lanes of members not on the roster lie below that of bit `at` and above those before.
    function _passGone(Walk memory walk, uint256 at) private pure returns (uint256 lanes) {
        unchecked {
            uint256 gone = walk.gone;
            while (gone != 0 && gone & (0 - gone) < 1 << at) {
                gone &= gone - 1;
                ++lanes;
            }
            walk.gone = gone;
        }
    }

    function _requireNotSuspended(uint256 suspended, uint256 slot) private pure {
        if ((suspended >> (slot & 0xff)) & 1 != 0) revert IRoundLedger.GrantNotLive(uint16(slot));
    }

    /// @notice Looks up a slot among recorded entries, which ascend.
    /// @return found whether there is an entry of it.
    /// @return update its first half.
    /// @return word its second half.
    function find(bytes calldata entries, uint16 slot)
        internal
        pure
        returns (bool found, bytes32 update, uint256 word)
    {
        (uint256 low, uint256 high) = (0, entries.length / BYTES);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            bytes calldata entry = entries[middle * BYTES:(middle + 1) * BYTES];
            word = uint256(bytes32(entry[32:64]));
            if (word & 0xffff == slot) return (true, bytes32(entry[:32]), word);
            if (word & 0xffff < slot) low = middle + 1;
            else high = middle;
        }
    }

    /// @return word the second half of the entry at calldata position `at`.
    function _word(uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(at, 32))
        }
    }

    /// @return malformed whether an included entry has no update, or bits where none belong. One test, not two.
    function _isMalformedInclusion(uint256 at, uint256 word) private pure returns (bool malformed) {
        assembly ("memory-safe") {
            malformed := or(iszero(calldataload(at)), gt(word, 0xffffffffffffffffff))
        }
    }

    /// @return whether an entry that is not included says something: an excluded one needs a reason (and may have no
    /// update, if none was accepted); there is nothing to say of an update when a member is absent or not selected.
    function _isWellFormed(uint256 at, uint256 word) private pure returns (bool) {
        uint256 status = (word >> 16) & 0xff;
        if (status == EXCLUDED) return (word >> 24) & 0xff != 0 && word >> 72 == 0;
        bytes32 update;
        assembly ("memory-safe") {
            update := calldataload(at)
        }
        return (status == ABSENT || status == NOT_SELECTED) && update == 0 && word >> 32 == 0;
    }
}
