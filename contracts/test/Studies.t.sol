// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRoundLedger} from "../src/interfaces/IRoundLedger.sol";
import {Studies} from "../src/lib/Studies.sol";
import {Vm} from "./support/Vm.sol";

/// @dev Calls from outside, so that a revert can be expected.
contract Transitions {
    using Studies for Studies.Progress;

    function requireEarned(uint8 outcome, uint256 included, bytes32 baseModel, bytes32 globalModel) external pure {
        Studies.Progress memory progress;
        progress.minIncluded = 3;
        progress.requireEarned(outcome, included, baseModel, globalModel);
    }

    function afterRound(Studies.Progress memory progress) external pure returns (Studies.Progress memory) {
        return progress.afterRound();
    }

    function afterJoin(Studies.Progress memory progress) external pure returns (Studies.Progress memory) {
        return progress.afterJoin();
    }
}

contract StudiesTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Transitions private transitions = new Transitions();

    function counters(Studies.Phase phase) private pure returns (Studies.Progress memory progress) {
        (progress.phase, progress.rosterSize, progress.joined, progress.lastRound) = (phase, 5, 7, 41);
    }

    function test_TheRosterFollowsThoseWhoJoinedOnceTheRoundIsRecorded() public view {
        Studies.Progress memory told = transitions.afterRound(counters(Studies.Phase.Changing));
        vm.assertEq(told.rosterSize, 7);
        vm.assertEq(told.lastRound, 42);
        vm.assertTrue(told.phase == Studies.Phase.Running);
    }

    function test_ARosterThatDidNotChangeStands() public view {
        Studies.Progress memory told = transitions.afterRound(counters(Studies.Phase.Running));
        vm.assertEq(told.rosterSize, 5);
        vm.assertTrue(told.phase == Studies.Phase.Running);
    }

    function test_TheFirstRostersMembersGatherUntilItIsFixed() public view {
        Studies.Progress memory told = transitions.afterRound(counters(Studies.Phase.Gathering));
        vm.assertEq(told.rosterSize, 5);
        vm.assertTrue(told.phase == Studies.Phase.Gathering);
    }

    function test_AFullRosterTakesNobodyHoweverItCameToBeFull() public {
        Studies.Progress memory full = counters(Studies.Phase.Running);
        for (uint16 joined = 2000; joined <= 2001; ++joined) {
            full.joined = joined;
            vm.expectRevert(abi.encodeWithSelector(IRoundLedger.RosterFull.selector));
            transitions.afterJoin(full);
        }
        full.joined = 1999;
        vm.assertEq(transitions.afterJoin(full).joined, 2000);
    }

    function testFuzz_OnlyACompletedRoundNeedsItsQuorumAndMakesAModel(uint8 outcome, bytes32 base, bytes32 global)
        public
    {
        if (outcome == 1) ++outcome;
        transitions.requireEarned(outcome, 0, base, base);
        if (global != base) {
            vm.expectRevert(abi.encodeWithSelector(IRoundLedger.ModelChanged.selector));
            transitions.requireEarned(outcome, 0, base, global);
            vm.expectRevert(abi.encodeWithSelector(IRoundLedger.ModelChanged.selector));
            transitions.requireEarned(outcome, 0, global, base);
        }
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.WrongOutcome.selector, outcome));
        transitions.requireEarned(outcome, 1, base, base);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.TooFewIncluded.selector, 2, 3));
        transitions.requireEarned(1, 2, base, global);
        transitions.requireEarned(1, 3, base, global);
    }
}
