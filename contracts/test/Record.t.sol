// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRoundLedger} from "../src/interfaces/IRoundLedger.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm} from "./support/Vm.sol";

/// @notice Recording rounds: what is stored and told, and every refusal. Hashes are spelled out here.
contract RecordTest is Fixture {
    bytes32 private study;

    function setUp() public {
        deploy();
        study = running(4, 2);
    }

    /// @notice Slot 1 and 2 included, 3 excluded, 4 absent.
    function mixed(uint256 round) private pure returns (bytes memory) {
        return bytes.concat(included(round, 1, 101), included(round, 2, 102), excluded(round, 3, 103), absent(4));
    }

    function expect(bytes4 error) private {
        vm.expectRevert(abi.encodeWithSelector(error));
    }

    function expect(bytes4 error, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(error, value));
    }

    function expect(bytes4 error, uint256 one, uint256 other) private {
        vm.expectRevert(abi.encodeWithSelector(error, one, other));
    }

    function assertTotals(uint16 slot, uint256 rounds, uint256 samples) private view {
        (uint32 gotRounds, uint64 gotSamples) = ledger.totals(study, slot);
        vm.assertEq(gotRounds, rounds);
        vm.assertEq(gotSamples, samples);
    }

    function test_ARecordIsHashedChainedCountedAndTold() public {
        bytes memory entries = mixed(1);
        bytes32 before = ledger.head(study);
        vm.warp(START_TIME + 9);
        vm.recordLogs();
        complete(study, 1, entries);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("syndic.round.v1"),
                study,
                uint32(1),
                COMPLETED,
                MODEL,
                modelAfter(1),
                MANIFEST,
                uint64(START_TIME + 9),
                keccak256(entries)
            )
        );
        bytes32 head = keccak256(abi.encode(before, hash));
        vm.assertEq(ledger.recordHash(study, 1), hash);
        vm.assertEq(ledger.head(study), head);
        vm.assertEq(ledger.study(study).model, modelAfter(1));
        vm.assertEq(ledger.study(study).lastRound, 1);
        assertTotals(1, 1, 101);
        assertTotals(2, 1, 102);
        assertTotals(3, 0, 0);
        assertTotals(4, 0, 0);

        vm.assertEq(logs.length, 5);
        assertUpdate(logs[0], 1, INCLUDED, 0, updateOf(1, 1), 101);
        assertUpdate(logs[1], 2, INCLUDED, 0, updateOf(1, 2), 102);
        assertUpdate(logs[2], 3, EXCLUDED, 2, updateOf(1, 3), 103);
        assertUpdate(logs[3], 4, ABSENT, 1, 0, 0);
        vm.assertEq(logs[4].topics[0], IRoundLedger.RoundRecorded.selector);
        vm.assertEq(logs[4].topics[1], study);
        vm.assertEq(logs[4].topics[2], bytes32(uint256(1)));
        vm.assertEq(logs[4].data, abi.encode(COMPLETED, MODEL, modelAfter(1), MANIFEST, hash, head));
    }

    function assertUpdate(Vm.Log memory log, uint256 slot, uint8 status, uint8 reason, bytes32 update, uint64 samples)
        private
        view
    {
        vm.assertEq(log.emitter, address(ledger));
        vm.assertEq(log.topics.length, 4);
        vm.assertEq(log.topics[0], IRoundLedger.UpdateRecorded.selector);
        vm.assertEq(log.topics[1], study);
        vm.assertEq(log.topics[2], bytes32(uint256(1)));
        vm.assertEq(log.topics[3], bytes32(slot));
        vm.assertEq(log.data, abi.encode(status, reason, update, samples));
    }

    function test_AFailedOrAbortedRoundKeepsTheModelAndTheNextNumberTriesAgain() public {
        bytes memory none = bytes.concat(
            entry(updateOf(1, 1), 5, 7, EXCLUDED, 1), absent(2), absent(3), entry(0, 0, 0, NOT_SELECTED, 4)
        );
        record(study, 1, FAILED, MODEL, MODEL, none);
        vm.assertEq(ledger.study(study).model, MODEL);
        record(study, 2, ABORTED, MODEL, MODEL, none);
        record(study, 3, COMPLETED, MODEL, modelAfter(1), mixed(3));
        assertTotals(1, 1, 101);
        expect(IRoundLedger.ModelChanged.selector);
        record(study, 4, FAILED, modelAfter(1), MODEL, none);
        expect(IRoundLedger.WrongOutcome.selector, FAILED);
        record(study, 4, FAILED, modelAfter(1), modelAfter(1), mixed(4));
        expect(IRoundLedger.WrongOutcome.selector, ABORTED);
        record(study, 4, ABORTED, modelAfter(1), modelAfter(1), mixed(4));
    }

    function test_RefusesAnythingBeforeTheStart() public {
        vm.prank(operator);
        bytes32 other = ledger.openStudy(PLAN, MODEL, COORDINATOR, 2, MODEL);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NotStarted.selector, other));
        complete(other, 1, "");
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.UnknownStudy.selector, MODEL));
        complete(MODEL, 1, "");
    }

    function test_OnlyTheCoordinatorsCurrentKeyRecords() public {
        address next = address(0xC2);
        expectNotCoordinator(COORDINATOR);
        expectNotCoordinator(operator);
        expectNotCoordinator(workerOf(1));
        vm.prank(COORDINATOR);
        consortium.setKey(next);
        expectNotCoordinator(SENDER);
        vm.prank(COORDINATOR);
        consortium.revokeKey(next, true);
        expectNotCoordinator(next);
        consortium.removeCoordinator(COORDINATOR);
        expectNotCoordinator(next);
        // Another coordinator is not this study's.
        consortium.addCoordinator(address(0xD0));
        vm.prank(address(0xD0));
        consortium.setKey(address(0xD1));
        expectNotCoordinator(address(0xD1));
    }

    function expectNotCoordinator(address sender) private {
        vm.prank(sender);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NotCoordinator.selector, sender));
        ledger.recordRound(study, 1, COMPLETED, MODEL, modelAfter(1), MANIFEST, mixed(1));
    }

    function test_RoundsComeOneByOneOnTheLastModel() public {
        expect(IRoundLedger.WrongRound.selector, 1, 0);
        record(study, 0, COMPLETED, MODEL, modelAfter(1), mixed(1));
        expect(IRoundLedger.WrongRound.selector, 1, 2);
        record(study, 2, COMPLETED, MODEL, modelAfter(1), mixed(1));
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.WrongBase.selector, MODEL, PLAN));
        record(study, 1, COMPLETED, PLAN, modelAfter(1), mixed(1));
        complete(study, 1, mixed(1));
        expect(IRoundLedger.WrongRound.selector, 2, 1);
        complete(study, 1, mixed(1));
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.WrongBase.selector, modelAfter(1), MODEL));
        record(study, 2, COMPLETED, MODEL, modelAfter(2), mixed(2));
        expect(IRoundLedger.WrongOutcome.selector, 0);
        record(study, 2, 0, modelAfter(1), modelAfter(2), mixed(2));
        expect(IRoundLedger.WrongOutcome.selector, 4);
        record(study, 2, 4, modelAfter(1), modelAfter(2), mixed(2));
        // Not even one that counts nobody and changes nothing.
        bytes memory none = bytes.concat(absent(1), absent(2), absent(3), absent(4));
        expect(IRoundLedger.WrongOutcome.selector, 0);
        record(study, 2, 0, modelAfter(1), modelAfter(1), none);
        expect(IRoundLedger.WrongOutcome.selector, 4);
        record(study, 2, 4, modelAfter(1), modelAfter(1), none);
    }

    function test_ACompletedRoundNeedsItsQuorum() public {
        bytes memory one = bytes.concat(included(1, 1, 5), absent(2), absent(3), absent(4));
        expect(IRoundLedger.TooFewIncluded.selector, 1, 2);
        complete(study, 1, one);
    }

    function test_EntriesAreTheRosterNoMoreNoLessInOrder() public {
        bytes memory a = included(1, 1, 5);
        bytes memory b = included(1, 2, 5);
        bytes memory c = included(1, 3, 5);
        bytes memory d = included(1, 4, 5);
        refuse(IRoundLedger.EntriesMismatch.selector, 3, bytes.concat(a, b, c));
        refuse(IRoundLedger.EntriesMismatch.selector, 5, bytes.concat(a, b, c, d, d));
        refuse(IRoundLedger.EntriesMismatch.selector, 4, bytes.concat(a, b, c, d, hex"00"));
        refuse(IRoundLedger.EntriesMismatch.selector, 1, bytes.concat(a, a, c, d));
        refuse(IRoundLedger.EntriesMismatch.selector, 1, bytes.concat(a, c, b, d));
        refuse(IRoundLedger.EntriesMismatch.selector, 0, bytes.concat(included(1, 0, 5), b, c, d));
        refuse(IRoundLedger.EntriesMismatch.selector, 3, bytes.concat(a, b, c, included(1, 5, 5)));
        refuse(IRoundLedger.EntriesMismatch.selector, 3, bytes.concat(a, b, c, included(1, 256 + 4, 5)));
        refuse(IRoundLedger.EntriesMismatch.selector, 0, bytes.concat(included(1, 256 + 1, 5), b, c, d));
        refuse(IRoundLedger.EntriesMismatch.selector, 0, "");
        complete(study, 1, bytes.concat(a, b, c, d));
    }

    function refuse(bytes4 error, uint256 index, bytes memory entries) private {
        expect(error, index);
        complete(study, 1, entries);
    }

    function test_AnEntryWithBitsOrWordsWhereNoneBelongIsMalformed() public {
        bytes4 malformed = IRoundLedger.EntryMalformed.selector;
        bytes32 update = updateOf(1, 3);
        refuse(malformed, 2, withThird(entry(update, 1 << 40, 0, INCLUDED, 3)));
        refuse(malformed, 2, withThird(entry(update, 1 << 200, 0, INCLUDED, 3)));
        refuse(malformed, 2, withThird(entry(update, 1 << 40, 2, EXCLUDED, 3)));
        refuse(malformed, 2, withThird(entry(update, 5, 0, 4, 3)));
        refuse(malformed, 2, withThird(entry(0, 0, 0, 4, 3)));
        refuse(malformed, 2, withThird(entry(0, 5, 0, INCLUDED, 3)));
        refuse(malformed, 2, withThird(entry(update, 5, 1, INCLUDED, 3)));
        refuse(malformed, 2, withThird(entry(update, 5, 0, EXCLUDED, 3)));
        refuse(malformed, 2, withThird(entry(update, 0, 1, ABSENT, 3)));
        refuse(malformed, 2, withThird(entry(0, 1, 1, ABSENT, 3)));
        refuse(malformed, 2, withThird(entry(update, 0, 0, NOT_SELECTED, 3)));
        refuse(malformed, 2, withThird(entry(0, 1, 0, NOT_SELECTED, 3)));
        // What an entry may say: the largest count, no count, an exclusion without an update, any reason.
        complete(study, 1, withThird(entry(update, (1 << 40) - 1, 0, INCLUDED, 3)));
        complete(study, 2, withThird(entry(update, 0, 0, INCLUDED, 3)));
        complete(study, 3, withThird(entry(0, 0, 255, EXCLUDED, 3)));
        complete(study, 4, withThird(entry(0, 0, 0, ABSENT, 3)));
        complete(study, 5, withThird(entry(0, 0, 9, NOT_SELECTED, 3)));
        assertTotals(3, 2, (1 << 40) - 1);
    }

    function withThird(bytes memory third) private pure returns (bytes memory) {
        return bytes.concat(included(1, 1, 5), included(1, 2, 5), third, absent(4));
    }

    function test_ARevokedGrantCountsForNothingFromThatMomentAndLeavesAfterTheRound() public {
        revoke(study, 2);
        vm.assertEq(ledger.roster(study).length, 4);
        expect(IRoundLedger.GrantNotLive.selector, 2);
        complete(study, 1, allIncluded(1, 4));
        complete(study, 1, bytes.concat(included(1, 1, 5), excluded(1, 2, 5), included(1, 3, 5), absent(4)));
        uint16[] memory slots = ledger.roster(study);
        vm.assertEq(slots.length, 3);
        vm.assertEq(slots[1], 3);
        expect(IRoundLedger.EntriesMismatch.selector, 4);
        complete(study, 2, allIncluded(2, 4));
        complete(study, 2, bytes.concat(included(2, 1, 5), included(2, 3, 5), absent(4)));
        // Back again: from the round after the open one.
        grant(study, 2);
        complete(study, 3, bytes.concat(included(3, 1, 5), included(3, 3, 5), absent(4)));
        complete(study, 4, allIncluded(4, 4));
        assertTotals(2, 1, 102);
    }

    function test_AnExpiredGrantCountsForNothingButStaysOnTheRoster() public {
        revoke(study, 2);
        grant(study, 2, START_TIME + 50);
        vm.warp(START_TIME + 49);
        complete(study, 1, allIncluded(1, 4));
        vm.warp(START_TIME + 50);
        expect(IRoundLedger.GrantNotLive.selector, 2);
        complete(study, 2, allIncluded(2, 4));
        complete(study, 2, bytes.concat(included(2, 1, 5), absent(2), included(2, 3, 5), absent(4)));
        vm.assertEq(ledger.roster(study).length, 4);
        // A new grant counts at once: its slot never left.
        grant(study, 2);
        complete(study, 3, allIncluded(3, 4));
        assertTotals(2, 2, 204);
    }

    function test_AGrantBeyondTheYear2106IsLiveUntilThen() public {
        revoke(study, 2);
        grant(study, 2, type(uint64).max);
        vm.warp(type(uint32).max - 1);
        for (uint256 slot = 1; slot <= 4; ++slot) {
            if (slot != 2) grant(study, slot, type(uint64).max - 1);
        }
        complete(study, 1, allIncluded(1, 4));
    }

    function test_ASuspendedMemberIsNotIncludedUntilReinstated() public {
        consortium.suspend(3);
        expect(IRoundLedger.GrantNotLive.selector, 3);
        complete(study, 1, allIncluded(1, 4));
        complete(study, 1, withThird(entry(updateOf(1, 3), 5, 5, EXCLUDED, 3)));
        consortium.reinstate(3);
        complete(study, 2, allIncluded(2, 4));
        assertTotals(3, 1, 103);
    }

    function test_ALateMemberCountsFromTheRoundAfterTheOpenOne() public {
        admit(300);
        grant(study, 300);
        vm.assertEq(ledger.roster(study).length, 4);
        complete(study, 1, allIncluded(1, 4));
        vm.assertEq(ledger.roster(study).length, 5);
        expect(IRoundLedger.EntriesMismatch.selector, 4);
        complete(study, 2, allIncluded(2, 4));
        complete(study, 2, bytes.concat(allIncluded(2, 4), included(2, 300, 7)));
        assertTotals(300, 1, 7);
    }

    function test_WhenEveryoneHasLeftOnlyAFailureCanBeRecorded() public {
        for (uint256 slot = 1; slot <= 4; ++slot) {
            revoke(study, slot);
        }
        bytes memory gone = bytes.concat(absent(1), absent(2), absent(3), absent(4));
        record(study, 1, FAILED, MODEL, MODEL, gone);
        vm.assertEq(ledger.roster(study).length, 0);
        expect(IRoundLedger.TooFewIncluded.selector, 0, 2);
        record(study, 2, COMPLETED, MODEL, modelAfter(1), "");
        record(study, 2, FAILED, MODEL, MODEL, "");
    }

    function test_OneTransactionCarriesSeveralRecords() public {
        bytes[] memory calls = new bytes[](3);
        for (uint32 round = 1; round <= 2; ++round) {
            calls[round - 1] = abi.encodeCall(
                ledger.recordRound,
                (study, round, COMPLETED, modelAfter(round - 1), modelAfter(round), MANIFEST, mixed(round))
            );
        }
        calls[2] = abi.encodeCall(ledger.closeStudy, (study, COMPLETED));
        vm.prank(SENDER);
        ledger.multicall(calls);
        vm.assertEq(ledger.study(study).lastRound, 2);
        vm.assertEq(ledger.study(study).outcome, COMPLETED);
        assertTotals(1, 2, 202);
    }

    function test_SlotsOnBothSidesOfAGroupShareAWordOfTotals() public {
        admit(258);
        grant(study, 255);
        grant(study, 256);
        grant(study, 257);
        complete(study, 1, allIncluded(1, 4));
        bytes memory entries =
            bytes.concat(allIncluded(2, 4), included(2, 255, 1), included(2, 256, 2), included(2, 257, 3));
        complete(study, 2, entries);
        complete(study, 3, entries);
        assertTotals(255, 2, 2);
        assertTotals(256, 2, 4);
        assertTotals(257, 2, 6);
    }

    function test_GroupsOfSlotsAscendAndComeOnce() public {
        admit(515);
        for (uint256 slot = 300; slot < 304; ++slot) {
            grant(study, slot);
        }
        grant(study, 515);
        complete(study, 1, allIncluded(1, 4));
        bytes memory low = allIncluded(2, 4);
        bytes memory high =
            bytes.concat(included(2, 300, 1), included(2, 301, 1), included(2, 302, 1), included(2, 303, 1));
        bytes memory last = included(2, 515, 1);
        bytes4 mismatch = IRoundLedger.EntriesMismatch.selector;
        // Each of these has as many entries as the roster has slots.
        refuseSecond(mismatch, 4, bytes.concat(low, low, last));
        refuseSecond(mismatch, 4, bytes.concat(high, low, last));
        refuseSecond(mismatch, 5, bytes.concat(low, last, high));
        refuseSecond(mismatch, 8, bytes.concat(low, high, included(2, 514, 1)));
        refuseSecond(mismatch, 8, bytes.concat(low, high, included(2, 900, 1)));
        refuseSecond(mismatch, 8, bytes.concat(low, high, included(2, 65_535, 1)));
        complete(study, 2, bytes.concat(low, high, last));
        assertTotals(1, 2, 202);
        assertTotals(303, 1, 1);
        assertTotals(515, 1, 1);
    }

    function refuseSecond(bytes4 error, uint256 index, bytes memory entries) private {
        expect(error, index);
        complete(study, 2, entries);
    }
}
