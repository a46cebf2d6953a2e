// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Lanes} from "./Lanes.sol";

/// @title Who must be accounted for: sets of slots as bitmaps, 256 slots (a group) to a word.
/// @notice `joined` follows grants and revocations as they come. `current` is the roster of the open round and stands
/// still until the round is recorded; then the groups that changed are copied. A bitmap is sorted by itself, and
/// a list of entries equals it if it ascends, holds only members of it, and is as long as it has members.
library Rosters {
    using Lanes for Lanes.Table;

    struct Roster {
        uint256[256] current;
        uint256[256] joined;
        /// @dev bit g: `joined[g]` may have slots
        uint256 groups;
        /// @dev bit g: `joined[g]` changed since `current[g]` was copied from it
        uint256 stale;
    }

    /// @return changed false if `slot` had joined already.
    function join(Roster storage self, uint256 slot) internal returns (bool changed) {
        (uint256 group, uint256 bit) = (slot >> 8, 1 << (slot & 0xff));
        uint256 before = self.joined[group];
        if (before & bit != 0) return false;
        self.joined[group] = before | bit;
        self.groups |= 1 << group;
        self.stale |= 1 << group;
        return true;
    }

    /// @return changed false if `slot` was not there.
    function leave(Roster storage self, uint256 slot) internal returns (bool changed) {
        (uint256 group, uint256 bit) = (slot >> 8, 1 << (slot & 0xff));
        uint256 before = self.joined[group];
        if (before & bit == 0) return false;
        self.joined[group] = before & ~bit;
        self.stale |= 1 << group;
        return true;
    }

    /// @notice Takes over into the roster what joined and left since it was fixed.
    function renew(Roster storage self) internal {
        uint256 stale = self.stale;
        self.stale = 0;
        for (uint256 group; stale != 0; ++group) {
            if (stale & 1 != 0) self.current[group] = self.joined[group];
            stale >>= 1;
        }
    }

    /// @notice Takes off whoever's grant has expired, then fixes the roster of round 1.
    function settle(Roster storage self, Lanes.Table storage lanes) internal {
        uint256 groups = self.groups;
        for (uint256 group; groups != 0; ++group) {
            if (groups & 1 != 0) {
                uint256 live = liveIn(self, lanes, group);
                self.joined[group] = live;
                self.current[group] = live;
            }
            groups >>= 1;
        }
        self.stale = 0;
    }

    /// @return live the slots of one group that joined and whose grants have not ended.
    function liveIn(Roster storage self, Lanes.Table storage lanes, uint256 group)
        internal
        view
        returns (uint256 live)
    {
        live = self.joined[group];
        uint256 lane = Lanes.first(group);
        uint256 holders = lanes.holders[group];
        // Everyone who has joined holds a lane; so do those who left.
        for (uint256 at; holders != 0; ++at) {
            if (holders & 1 != 0) {
                if (!Lanes.isLive(lanes.words[lane / Lanes.PER_WORD], lane)) live &= ~(1 << at);
                ++lane;
            }
            holders >>= 1;
        }
    }

    /// @param live true: who has joined and has a live grant; false: the roster as it was fixed.
    /// @return slots ascending, at most `most`.
    function list(Roster storage self, Lanes.Table storage lanes, bool live, uint256 most)
        internal
        view
        returns (uint16[] memory slots)
    {
        slots = new uint16[](most);
        uint256 count;
        uint256 groups = self.groups;
        for (uint256 group; groups != 0; ++group) {
            uint256 left = groups & 1 == 0 ? 0 : live ? liveIn(self, lanes, group) : self.current[group];
            for (uint256 at; left != 0; ++at) {
                if (left & 1 != 0) slots[count++] = uint16((group << 8) | at);
                left >>= 1;
            }
            groups >>= 1;
        }
        // Gives back what was not needed: the array is the last thing in memory that anyone measures.
        assembly ("memory-safe") {
            mstore(slots, count)
        }
    }

    /// @return packed each slot as two big-endian bytes; `abi.encodePacked` of an array would pad each to 32.
    function pack(uint16[] memory slots) internal pure returns (bytes memory packed) {
        packed = new bytes(slots.length * 2);
        for (uint256 i; i < slots.length; ++i) {
            packed[2 * i] = bytes1(uint8(slots[i] >> 8));
            packed[2 * i + 1] = bytes1(uint8(slots[i]));
        }
    }
}
