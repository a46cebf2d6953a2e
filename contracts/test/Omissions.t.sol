// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVerdicts} from "../src/interfaces/IVerdicts.sol";
import {Fixture} from "./support/Fixture.sol";

/// @notice What a coordinator's receipts prove against it. Messages and hashes are spelled out here.
contract OmissionsTest is Fixture {
    uint16 private constant SLOT = 2;
    uint64 private constant RECORD_BY = START_TIME + 1 days;

    bytes32 private _study;

    function setUp() public {
        deploy();
        _study = running(3, 2);
    }

    function receiptOf(uint32 round, uint16 slot) private view returns (IVerdicts.Receipt memory) {
        return IVerdicts.Receipt({
            statement: keccak256("statement"),
            study: _study,
            round: round,
            slot: slot,
            baseModel: modelAfter(round - 1),
            update: updateOf(round, slot),
            samples: 100 + slot,
            recordBy: RECORD_BY
        });
    }

    function signReceipt(uint256 key, IVerdicts.Receipt memory receipt) private view returns (bytes memory) {
        bytes32 kind = keccak256(
            "Receipt(bytes32 statement,bytes32 study,uint32 round,uint16 slot,bytes32 baseModel,bytes32 update,uint64 samples,uint64 recordBy)"
        );
        return sign(key, address(ledger), keccak256(abi.encode(kind, receipt)));
    }

    function recordOf(uint32 round, uint8 outcome) private view returns (IVerdicts.Record memory) {
        return IVerdicts.Record({
            outcome: outcome,
            baseModel: modelAfter(round - 1),
            globalModel: modelAfter(outcome == COMPLETED ? round : round - 1),
            manifest: MANIFEST,
            timestamp: uint64(block.timestamp)
        });
    }

    /// @notice Entries of slots 1, 2 and 3: the second is this one.
    function around(bytes memory second) private pure returns (bytes memory) {
        return bytes.concat(included(1, 1, 101), second, included(1, 3, 103));
    }

    function recordWith(bytes memory second) private returns (IVerdicts.Record memory, bytes memory entries) {
        entries = around(second);
        complete(_study, 1, entries);
        return (recordOf(1, COMPLETED), entries);
    }

    function assertProven(bytes memory second, IVerdicts.Omission expected) private {
        (IVerdicts.Record memory record, bytes memory entries) = recordWith(second);
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        bytes memory signature = signReceipt(SENDER_KEY, receipt);
        verdicts.challengeOmission(receipt, signature, record, entries);
        vm.assertEq(uint256(verdicts.omission(_study, 1, SLOT)), uint256(expected));
        vm.assertEq(verdicts.omissionsOf(COORDINATOR), 1);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.OmissionKnown.selector, _study, uint32(1), SLOT));
        verdicts.challengeOmission(receipt, signature, record, entries);
    }

    function assertRefused(
        IVerdicts.Receipt memory receipt,
        bytes memory signature,
        IVerdicts.Record memory record,
        bytes memory entries,
        bytes memory fault
    ) private {
        vm.expectRevert(fault);
        verdicts.challengeOmission(receipt, signature, record, entries);
    }

    // What flags a coordinator.

    function test_AbsentInSpiteOfAReceipt() public {
        assertProven(absent(SLOT), IVerdicts.Omission.Absent);
    }

    function test_NotSelectedInSpiteOfAReceipt() public {
        assertProven(entry(0, 0, 0, NOT_SELECTED, SLOT), IVerdicts.Omission.NotSelected);
    }

    function test_AnotherUpdateThanReceived() public {
        assertProven(entry(updateOf(9, SLOT), 102, 0, INCLUDED, SLOT), IVerdicts.Omission.AnotherUpdate);
    }

    function test_ExcludedWithoutItsUpdate() public {
        assertProven(entry(0, 0, 2, EXCLUDED, SLOT), IVerdicts.Omission.AnotherUpdate);
    }

    function test_OtherSamplesThanReceived() public {
        assertProven(included(1, SLOT, 99), IVerdicts.Omission.OtherSamples);
    }

    function test_ExcludedWithOtherSamples() public {
        assertProven(excluded(1, SLOT, 99), IVerdicts.Omission.OtherSamples);
    }

    function test_AKeyThatWasReplacedStillBindsWhoListedIt() public {
        vm.prank(COORDINATOR);
        consortium.setKey(vm.addr(0xC2));
        vm.prank(vm.addr(0xC2));
        bytes memory entries = around(absent(SLOT));
        ledger.recordRound(_study, 1, COMPLETED, MODEL, modelAfter(1), MANIFEST, entries);
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        verdicts.challengeOmission(receipt, signReceipt(SENDER_KEY, receipt), recordOf(1, COMPLETED), entries);
        vm.assertEq(verdicts.omissionsOf(COORDINATOR), 1);
    }

    // What does not.

    function test_ARecordThatNamesTheUpdateKeepsTheReceipt() public {
        for (uint256 i; i < 2; ++i) {
            setUp();
            (IVerdicts.Record memory record, bytes memory entries) =
                recordWith(i == 0 ? included(1, SLOT, 102) : excluded(1, SLOT, 102));
            IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
            bytes memory kept = abi.encodeWithSelector(IVerdicts.ReceiptKept.selector);
            assertRefused(receipt, signReceipt(SENDER_KEY, receipt), record, entries, kept);
        }
    }

    function test_AFailedRoundThatNamesTheUpdateKeepsTheReceipt() public {
        bytes memory entries = bytes.concat(absent(1), entry(updateOf(1, SLOT), 102, 7, EXCLUDED, SLOT), absent(3));
        record(_study, 1, FAILED, MODEL, MODEL, entries);
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        bytes memory kept = abi.encodeWithSelector(IVerdicts.ReceiptKept.selector);
        assertRefused(receipt, signReceipt(SENDER_KEY, receipt), recordOf(1, FAILED), entries, kept);
        // And one that does not, breaks it.
        receipt.samples = 103;
        verdicts.challengeOmission(receipt, signReceipt(SENDER_KEY, receipt), recordOf(1, FAILED), entries);
        vm.assertEq(uint256(verdicts.omission(_study, 1, SLOT)), uint256(IVerdicts.Omission.OtherSamples));
    }

    function test_OnlyTheStudysCoordinatorIsBoundByItsKeys() public {
        (IVerdicts.Record memory record, bytes memory entries) = recordWith(absent(SLOT));
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        assertRefused(
            receipt,
            signReceipt(0xbad, receipt),
            record,
            entries,
            abi.encodeWithSelector(IVerdicts.NotItsReceipt.selector, vm.addr(0xbad))
        );
        consortium.addCoordinator(address(0xC9));
        vm.prank(address(0xC9));
        consortium.setKey(vm.addr(0xCA));
        assertRefused(
            receipt,
            signReceipt(0xCA, receipt),
            record,
            entries,
            abi.encodeWithSelector(IVerdicts.NotItsReceipt.selector, vm.addr(0xCA))
        );
        // Nothing that a member signs is a receipt.
        assertRefused(
            receipt,
            signReceipt(workerKeyOf(SLOT), receipt),
            record,
            entries,
            abi.encodeWithSelector(IVerdicts.NotItsReceipt.selector, workerOf(SLOT))
        );
        assertRefused(
            receipt, hex"00", record, entries, abi.encodeWithSelector(IVerdicts.NotItsReceipt.selector, address(0))
        );
        receipt.study = MANIFEST;
        assertRefused(
            receipt,
            signReceipt(SENDER_KEY, receipt),
            record,
            entries,
            abi.encodeWithSelector(IVerdicts.NotItsReceipt.selector, SENDER)
        );
    }

    function test_AReceiptUnderACompromisedKeyFlagsNothing() public {
        (IVerdicts.Record memory record, bytes memory entries) = recordWith(absent(SLOT));
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        bytes memory signature = signReceipt(SENDER_KEY, receipt);
        vm.prank(COORDINATOR);
        consortium.revokeKey(SENDER, true);
        bytes memory fault = abi.encodeWithSelector(IVerdicts.NotItsReceipt.selector, SENDER);
        assertRefused(receipt, signature, record, entries, fault);
    }

    function test_AFlagStaysWhenTheKeyIsFoundCompromisedLater() public {
        assertProven(absent(SLOT), IVerdicts.Omission.Absent);
        vm.prank(COORDINATOR);
        consortium.revokeKey(SENDER, true);
        vm.assertEq(uint256(verdicts.omission(_study, 1, SLOT)), uint256(IVerdicts.Omission.Absent));
    }

    function test_WhatIsShownMustBeWhatWasRecorded() public {
        (IVerdicts.Record memory record, bytes memory entries) = recordWith(included(1, SLOT, 102));
        bytes32 stands = ledger.recordHash(_study, 1);
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        bytes memory signature = signReceipt(SENDER_KEY, receipt);
        // With the member left out, as if that had been recorded.
        bytes memory forged = around(absent(SLOT));
        bytes32 preimage = keccak256(
            bytes.concat(
                abi.encode(keccak256("syndic.round.v1"), _study, uint32(1), COMPLETED, MODEL, modelAfter(1)),
                abi.encode(MANIFEST, record.timestamp, keccak256(forged))
            )
        );
        bytes memory wrong = abi.encodeWithSelector(IVerdicts.WrongRecord.selector, stands, preimage);
        assertRefused(receipt, signature, record, forged, wrong);
        record.timestamp += 1;
        vm.expectRevert();
        verdicts.challengeOmission(receipt, signature, record, entries);
        receipt.round = 2;
        assertRefused(
            receipt,
            signReceipt(SENDER_KEY, receipt),
            record,
            entries,
            abi.encodeWithSelector(IVerdicts.NotRecorded.selector, _study, uint32(2))
        );
    }

    function test_AReceiptIsAboutOneBase() public {
        (IVerdicts.Record memory record, bytes memory entries) = recordWith(absent(SLOT));
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        receipt.baseModel = MANIFEST;
        bytes memory fault = abi.encodeWithSelector(IVerdicts.ReceiptOfAnotherBase.selector, MODEL, MANIFEST);
        assertRefused(receipt, signReceipt(SENDER_KEY, receipt), record, entries, fault);
    }

    function test_ASlotOffTheRosterIsOwedNoEntry() public {
        (IVerdicts.Record memory record, bytes memory entries) = recordWith(absent(SLOT));
        for (uint16 slot; slot < 6; slot += 4 + slot) {
            IVerdicts.Receipt memory receipt = receiptOf(1, slot);
            bytes memory fault = abi.encodeWithSelector(IVerdicts.NotOnRoster.selector, slot);
            assertRefused(receipt, signReceipt(SENDER_KEY, receipt), record, entries, fault);
        }
    }

    // Whatever is recorded: a coordinator that keeps to its receipts cannot be flagged, one that does not always can.

    function testFuzz_HonestNeverFlaggedCheatingAlways(uint256 seed) public {
        deploy();
        uint256 members = 3 + seed % 38;
        _study = running(members, 2);
        bytes memory entries;
        for (uint256 slot = 1; slot <= members; ++slot) {
            entries = bytes.concat(entries, drawn(uint256(keccak256(abi.encode(seed, slot))), slot));
        }
        // Two at least are included.
        entries = bytes.concat(included(1, 1, 101), included(1, 2, 102), slice(entries, 2));
        complete(_study, 1, entries);
        IVerdicts.Record memory record = recordOf(1, COMPLETED);
        for (uint16 slot = 1; slot <= members; ++slot) {
            IVerdicts.Receipt memory receipt = receiptOf(1, slot);
            bytes memory signature = signReceipt(SENDER_KEY, receipt);
            bool kept = keccak256(slice(entries, slot - 1, slot)) == keccak256(included(1, slot, 100 + slot))
                || keccak256(slice(entries, slot - 1, slot)) == keccak256(excluded(1, slot, 100 + slot));
            if (kept) vm.expectRevert(abi.encodeWithSelector(IVerdicts.ReceiptKept.selector));
            verdicts.challengeOmission(receipt, signature, record, entries);
            vm.assertEq(verdicts.omission(_study, 1, slot) == IVerdicts.Omission.None, kept);
        }
    }

    function drawn(uint256 dice, uint256 slot) private pure returns (bytes memory) {
        if (dice % 7 == 0) return absent(slot);
        if (dice % 7 == 1) return entry(0, 0, 0, NOT_SELECTED, slot);
        if (dice % 7 == 2) return excluded(1, slot, 100 + slot);
        if (dice % 7 == 3) return excluded(2, slot, 100 + slot);
        if (dice % 7 == 4) return included(1, slot, 101 + slot);
        if (dice % 7 == 5) return included(2, slot, 100 + slot);
        return included(1, slot, 100 + slot);
    }

    function slice(bytes memory entries, uint256 from) private pure returns (bytes memory) {
        return slice(entries, from, entries.length / 64);
    }

    function slice(bytes memory entries, uint256 from, uint256 to) private pure returns (bytes memory part) {
        part = new bytes((to - from) * 64);
        for (uint256 i; i < part.length; ++i) {
            part[i] = entries[from * 64 + i];
        }
    }

    // Lateness.

    function test_NothingIsLateUntilItsTime() public {
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        bytes memory signature = signReceipt(SENDER_KEY, receipt);
        IVerdicts.Record memory none;
        bytes memory notLate = abi.encodeWithSelector(IVerdicts.NotLate.selector, RECORD_BY);
        vm.warp(RECORD_BY);
        vm.expectRevert(notLate);
        verdicts.late(receipt, signature, none, 0);
        vm.warp(RECORD_BY + 10);
        verdicts.late(receipt, signature, none, 0);
        vm.assertEq(verdicts.secondsLate(_study, 1), 10);
        // Said already.
        vm.expectRevert(notLate);
        verdicts.late(receipt, signature, none, 0);
        vm.warp(RECORD_BY + 100);
        (IVerdicts.Record memory record, bytes memory entries) = recordWith(included(1, SLOT, 102));
        vm.warp(RECORD_BY + 1_000);
        verdicts.late(receipt, signature, record, keccak256(entries));
        vm.assertEq(verdicts.secondsLate(_study, 1), 100);
        vm.expectRevert(notLate);
        verdicts.late(receipt, signature, record, keccak256(entries));
        vm.assertEq(verdicts.omissionsOf(COORDINATOR), 0);
    }

    function test_ARecordInTimeIsNotLateWheneverOneAsks() public {
        (IVerdicts.Record memory record, bytes memory entries) = recordWith(included(1, SLOT, 102));
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        bytes memory signature = signReceipt(SENDER_KEY, receipt);
        vm.warp(RECORD_BY + 1_000);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotLate.selector, RECORD_BY));
        verdicts.late(receipt, signature, record, keccak256(entries));
        // Another time than the recorded one proves nothing.
        record.timestamp = RECORD_BY + 5;
        vm.expectRevert();
        verdicts.late(receipt, signature, record, keccak256(entries));
    }

    function test_LatenessRestsOnAReceiptToo() public {
        vm.warp(RECORD_BY + 1);
        IVerdicts.Receipt memory receipt = receiptOf(1, SLOT);
        IVerdicts.Record memory none;
        bytes memory signature = signReceipt(0xbad, receipt);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotItsReceipt.selector, vm.addr(0xbad)));
        verdicts.late(receipt, signature, none, 0);
    }
}
