// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Lanes} from "../src/lib/Lanes.sol";
import {Fixture} from "./support/Fixture.sol";

/// @notice Totals stay exact through every overflow of a lane, and a lane never touches its neighbours.
contract LanesTest is Fixture {
    using Lanes for Lanes.Table;

    Lanes.Table private _table;
    mapping(uint256 slot => uint256) private _rounds;
    mapping(uint256 slot => uint256) private _samples;
    mapping(uint256 slot => uint256) private _until;

    /// @notice The lane's number, counted the slow way.
    function laneOf(uint256 slot) private view returns (uint256 lane) {
        lane = 258 * (slot >> 8);
        for (uint256 at; at < slot & 0xff; ++at) {
            lane += (_table.holders[slot >> 8] >> at) & 1;
        }
    }

    function setUntil(uint256 slot, uint256 until) private {
        _table.setUntil(slot, until);
        _until[slot] = until;
    }

    function add(uint256 slot, uint256 samples) private {
        uint256 lane = laneOf(slot);
        _table.store(lane / 3, _table.add(_table.load(lane / 3), lane, slot, samples));
        _rounds[slot] += 1;
        _samples[slot] += samples;
    }

    function assertSame(uint256 slot) private view {
        (uint256 rounds, uint256 samples) = _table.totals(slot);
        vm.assertEq(rounds, _rounds[slot]);
        vm.assertEq(samples, _samples[slot]);
        if (_until[slot] == 0) return;
        uint256 lane = laneOf(slot);
        vm.assertEq((_table.load(lane / 3) >> (85 * (lane % 3))) & type(uint32).max, _until[slot]);
        vm.assertEq(_table.load(lane / 3), _table.words[lane / 3]);
    }

    function testFuzz_TotalsAreExactWhateverIsDeclaredAndWhoeverJoinsBetween(uint256[60] memory acts) public {
        for (uint256 i; i < acts.length; ++i) {
            uint256 act = acts[i];
            // 24 slots on both sides of a group's border; they join in any order.
            uint256 slot = 65_268 + act % 24;
            // From one sample to the most that an entry can say, each magnitude as likely as the next.
            uint256 samples = (act >> 8) % (1 << (1 + (act >> 64) % 40));
            if (_until[slot] == 0 || (act >> 128) % 5 == 0) setUntil(slot, 1 + uint32(act >> 160) / 2);
            else add(slot, samples);
        }
        for (uint256 slot = 65_268; slot < 65_292; ++slot) {
            assertSame(slot);
        }
    }

    /// forge-config: default.fuzz.runs = 8
    function testFuzz_AFullGroupKeepsEveryLane(uint8 seed) public {
        // 7 and 256 have no common divisor: every slot of the group, in another order for every seed.
        for (uint256 i; i < 256; ++i) {
            uint256 slot = 512 + (uint256(seed) + 7 * i) % 256;
            setUntil(slot, slot);
            add(slot, slot);
        }
        setUntil(511, 1);
        setUntil(768, 2);
        for (uint256 slot = 511; slot <= 768; ++slot) {
            assertSame(slot);
        }
    }

    function test_RoundsOverflowIntoTheMembersOwnWord() public {
        setUntil(7, type(uint32).max);
        setUntil(6, 1);
        setUntil(8, 1);
        add(6, (1 << 37) - 1);
        add(8, (1 << 40) - 1);
        for (uint256 i; i < 32_767; ++i) {
            add(7, 3);
        }
        vm.assertEq(_table.carried[7].rounds, 0);
        add(7, 3);
        vm.assertEq(_table.carried[7].rounds, 32_768);
        add(7, 3);
        assertSame(6);
        assertSame(7);
        assertSame(8);
    }

    function test_WhoNeverJoinedHasNoTotals() public {
        setUntil(8, 1);
        add(8, 5);
        assertSame(7);
        assertSame(9);
    }
}
