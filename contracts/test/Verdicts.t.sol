// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVerdicts} from "../src/interfaces/IVerdicts.sol";
import {Verdicts} from "../src/Verdicts.sol";
import {Fixture} from "./support/Fixture.sol";
import {Multisig} from "./support/Multisig.sol";

/// @notice What members say of a record. The messages are spelled out here, not taken from the contract.
contract VerdictsTest is Fixture {
    uint8 private constant REASON = 3;

    bytes32 private _study;
    bytes32 private _record;

    function setUp() public {
        deploy();
        _study = running(5, 3);
        complete(_study, 1, allIncluded(1, 5));
        _record = ledger.recordHash(_study, 1);
    }

    function attestMessage(bytes32 study, uint32 round, uint16 slot, bytes32 hash) private pure returns (bytes32) {
        bytes32 kind = keccak256("Attest(bytes32 study,uint32 round,uint16 slot,bytes32 recordHash)");
        return keccak256(abi.encode(kind, study, round, slot, hash));
    }

    function attestation(uint16 slot) private view returns (bytes memory) {
        return sign(workerKeyOf(slot), address(verdicts), attestMessage(_study, 1, slot, _record));
    }

    function attest(uint32 round, uint16 slot) private {
        bytes32 hash = round == 1 ? _record : ledger.recordHash(_study, round);
        vm.prank(workerOf(slot));
        verdicts.attest(_study, round, slot, hash);
    }

    function dispute(uint16 slot) private {
        vm.prank(accountOf(slot));
        verdicts.dispute(_study, 1, slot, _record, REASON);
    }

    function vote(uint16 slot, uint16 voter) private {
        vm.prank(accountOf(voter));
        verdicts.voteToDismiss(_study, 1, slot, voter);
    }

    function assertVerdict(uint16 slot, IVerdicts.Verdict expected) private view {
        vm.assertEq(uint256(verdicts.verdict(_study, 1, slot)), uint256(expected));
    }

    function assertCounts(uint256 attested, uint256 disputed) private view {
        (uint16 gotAttested, uint16 gotDisputed) = verdicts.verdicts(_study, 1);
        vm.assertEq(gotAttested, attested, "attested");
        vm.assertEq(gotDisputed, disputed, "disputed");
    }

    // Who speaks for a member.

    function test_AMemberSpeaksThroughItsAccountItsKeyAndTheSignaturesOfBoth() public {
        vm.assertEq(verdicts.domainSeparator(), domainOf(address(verdicts)));
        vm.prank(accountOf(1));
        verdicts.attest(_study, 1, 1, _record);
        vm.prank(workerOf(2));
        verdicts.attest(_study, 1, 2, _record);
        verdicts.attestFor(_study, 1, 3, _record, attestation(3));
        assertCounts(3, 0);
        for (uint16 slot = 1; slot <= 3; ++slot) {
            assertVerdict(slot, IVerdicts.Verdict.Attested);
        }
        assertVerdict(4, IVerdicts.Verdict.None);
    }

    function test_AnAccountThatIsAContractSigns() public {
        uint16 slot = 6;
        bytes32 digest = keccak256(
            abi.encodePacked(hex"1901", domainOf(address(verdicts)), attestMessage(_study, 1, slot, _record))
        );
        Multisig account = new Multisig(digest);
        vm.assertEq(consortium.admit(address(account)), slot);
        account.act(address(dataUse), abi.encodeCall(dataUse.addVersion, (slot, DATASET, MANIFEST, 64)));
        account.act(address(dataUse), abi.encodeCall(dataUse.grant, (_study, slot, PLAN, DATASET, UNTIL)));
        verdicts.attestFor(_study, 1, slot, _record, "any bytes");
        assertVerdict(slot, IVerdicts.Verdict.Attested);
    }

    function test_NobodyElseSpeaksForAMember() public {
        bytes memory notTheMember = abi.encodeWithSelector(IVerdicts.NotTheMember.selector, uint16(1));
        vm.expectRevert(notTheMember);
        vm.prank(accountOf(2));
        verdicts.attest(_study, 1, 1, _record);
        bytes memory ofAnother = sign(workerKeyOf(2), address(verdicts), attestMessage(_study, 1, 1, _record));
        vm.expectRevert(notTheMember);
        verdicts.attestFor(_study, 1, 1, _record, ofAnother);
        bytes memory forTheLedger = sign(workerKeyOf(1), address(ledger), attestMessage(_study, 1, 1, _record));
        vm.expectRevert(notTheMember);
        verdicts.attestFor(_study, 1, 1, _record, forTheLedger);
        bytes memory ofAnotherRound = sign(workerKeyOf(1), address(verdicts), attestMessage(_study, 2, 1, _record));
        vm.expectRevert(notTheMember);
        verdicts.attestFor(_study, 1, 1, _record, ofAnotherRound);
        bytes memory ofAnotherSlot = attestation(2);
        vm.expectRevert(notTheMember);
        verdicts.attestFor(_study, 1, 1, _record, ofAnotherSlot);
    }

    function test_AKeyThatWasReplacedSpeaksNoMore() public {
        bytes memory before = attestation(1);
        vm.prank(accountOf(1));
        consortium.setKey(address(0xabc));
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotTheMember.selector, uint16(1)));
        verdicts.attestFor(_study, 1, 1, _record, before);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotTheMember.selector, uint16(1)));
        vm.prank(workerOf(1));
        verdicts.attest(_study, 1, 1, _record);
    }

    function test_NeitherSuspensionNorRevocationSilences() public {
        revoke(_study, 1);
        consortium.suspend(2);
        verdicts.attestFor(_study, 1, 1, _record, attestation(1));
        dispute(2);
        assertVerdict(1, IVerdicts.Verdict.Attested);
        assertVerdict(2, IVerdicts.Verdict.Disputed);
    }

    function test_WhoNeverJoinedHasNoSay() public {
        admit(6);
        bytes memory neverJoined = abi.encodeWithSelector(IVerdicts.NeverJoined.selector, _study, uint16(6));
        vm.expectRevert(neverJoined);
        attest(1, 6);
        vm.expectRevert(neverJoined);
        dispute(6);
        dispute(1);
        vm.expectRevert(neverJoined);
        vote(1, 6);
    }

    // What is said, and of what.

    function test_OnlyARecordThatStandsIsJudged() public {
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotRecorded.selector, _study, uint32(2)));
        vm.prank(accountOf(1));
        verdicts.attest(_study, 2, 1, MANIFEST);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.WrongRecord.selector, _record, MANIFEST));
        vm.prank(accountOf(1));
        verdicts.attest(_study, 1, 1, MANIFEST);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.WrongRecord.selector, _record, MANIFEST));
        vm.prank(accountOf(1));
        verdicts.dispute(_study, 1, 1, MANIFEST, REASON);
    }

    function test_AVerdictIsGivenOnce() public {
        bytes memory signature = attestation(1);
        verdicts.attestFor(_study, 1, 1, _record, signature);
        bytes memory given = abi.encodeWithSelector(
            IVerdicts.VerdictGiven.selector, _study, uint32(1), uint16(1), IVerdicts.Verdict.Attested
        );
        vm.expectRevert(given);
        verdicts.attestFor(_study, 1, 1, _record, signature);
        vm.expectRevert(given);
        dispute(1);
        dispute(2);
        bytes memory disputed = abi.encodeWithSelector(
            IVerdicts.VerdictGiven.selector, _study, uint32(1), uint16(2), IVerdicts.Verdict.Disputed
        );
        vm.expectRevert(disputed);
        dispute(2);
        vm.expectRevert(disputed);
        attest(1, 2);
        assertCounts(1, 1);
    }

    function test_ADisputeHasAReason() public {
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.ReasonMissing.selector));
        vm.prank(accountOf(1));
        verdicts.dispute(_study, 1, 1, _record, 0);
    }

    function test_WhoDisputedMayWithdrawAndThenAttestButNotDisputeAgain() public {
        bytes32 kind = keccak256("Dispute(bytes32 study,uint32 round,uint16 slot,bytes32 recordHash,uint8 reason)");
        bytes memory disputing = sign(
            workerKeyOf(1),
            address(verdicts),
            keccak256(abi.encode(kind, _study, uint32(1), uint16(1), _record, REASON))
        );
        verdicts.disputeFor(_study, 1, 1, _record, REASON, disputing);
        assertCounts(0, 1);
        bytes32 withdrawal = keccak256(
            abi.encode(
                keccak256("WithdrawDispute(bytes32 study,uint32 round,uint16 slot)"), _study, uint32(1), uint16(1)
            )
        );
        bytes memory withdrawing = sign(workerKeyOf(1), address(verdicts), withdrawal);
        verdicts.withdrawDisputeFor(_study, 1, 1, withdrawing);
        assertVerdict(1, IVerdicts.Verdict.Withdrawn);
        assertCounts(0, 0);
        // Neither signature does anything a second time.
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NoOpenDispute.selector, _study, uint32(1), uint16(1)));
        verdicts.withdrawDisputeFor(_study, 1, 1, withdrawing);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerdicts.VerdictGiven.selector, _study, uint32(1), uint16(1), IVerdicts.Verdict.Withdrawn
            )
        );
        verdicts.disputeFor(_study, 1, 1, _record, REASON, disputing);
        attest(1, 1);
        assertVerdict(1, IVerdicts.Verdict.Attested);
        assertCounts(1, 0);
    }

    function test_MoreThanHalfOfAllWhoJoinedDismissADispute() public {
        dispute(1);
        vote(1, 2);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.VotedAlready.selector, uint16(2)));
        vote(1, 2);
        bytes32 kind = keccak256("VoteToDismiss(bytes32 study,uint32 round,uint16 slot,uint16 voter)");
        bytes memory voting = sign(
            workerKeyOf(3), address(verdicts), keccak256(abi.encode(kind, _study, uint32(1), uint16(1), uint16(3)))
        );
        verdicts.voteToDismissFor(_study, 1, 1, 3, voting);
        assertVerdict(1, IVerdicts.Verdict.Disputed);
        // Whoever left counts as well: two of five is not more than half.
        revoke(_study, 5);
        vote(1, 5);
        assertVerdict(1, IVerdicts.Verdict.Dismissed);
        assertCounts(0, 0);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NoOpenDispute.selector, _study, uint32(1), uint16(1)));
        vote(1, 4);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NoOpenDispute.selector, _study, uint32(1), uint16(1)));
        vm.prank(accountOf(1));
        verdicts.withdrawDispute(_study, 1, 1);
        attest(1, 1);
        assertVerdict(1, IVerdicts.Verdict.Attested);
    }

    // Many at once.

    function test_ABatchSaysWhatItsPartsWouldSay() public {
        bytes memory slots;
        bytes memory signatures;
        for (uint16 slot = 1; slot <= 4; ++slot) {
            slots = bytes.concat(slots, bytes2(slot));
            signatures = bytes.concat(signatures, attestation(slot));
        }
        verdicts.attestMany(_study, 1, _record, slots, signatures);
        assertCounts(4, 0);
        for (uint16 slot = 1; slot <= 4; ++slot) {
            assertVerdict(slot, IVerdicts.Verdict.Attested);
        }
        assertVerdict(5, IVerdicts.Verdict.None);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerdicts.VerdictGiven.selector, _study, uint32(1), uint16(4), IVerdicts.Verdict.Attested
            )
        );
        verdicts.attestMany(_study, 1, _record, abi.encodePacked(uint16(4)), attestation(4));
    }

    function test_ABatchWithOneFaultDoesNothing() public {
        bytes memory good = attestation(1);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotTheMember.selector, uint16(2)));
        verdicts.attestMany(_study, 1, _record, abi.encodePacked(uint16(1), uint16(2)), bytes.concat(good, good));
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerdicts.VerdictGiven.selector, _study, uint32(1), uint16(1), IVerdicts.Verdict.Attested
            )
        );
        verdicts.attestMany(_study, 1, _record, abi.encodePacked(uint16(1), uint16(1)), bytes.concat(good, good));
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.BatchMismatch.selector, 1, 2));
        verdicts.attestMany(_study, 1, _record, abi.encodePacked(uint16(1)), bytes.concat(good, good));
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.BatchMismatch.selector, 1, 1));
        verdicts.attestMany(_study, 1, _record, hex"000100", good);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotRecorded.selector, _study, uint32(2)));
        verdicts.attestMany(_study, 2, _record, abi.encodePacked(uint16(1)), good);
        dispute(3);
        bytes memory disputer = attestation(3);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerdicts.VerdictGiven.selector, _study, uint32(1), uint16(3), IVerdicts.Verdict.Disputed
            )
        );
        verdicts.attestMany(_study, 1, _record, abi.encodePacked(uint16(3)), disputer);
        assertCounts(0, 1);
    }

    function test_ABatchGoesBackAndForthBetweenGroups() public {
        admit(257);
        for (uint256 slot = 256; slot <= 257; ++slot) {
            grant(_study, slot);
        }
        bytes memory slots = abi.encodePacked(uint16(256), uint16(1), uint16(257), uint16(2));
        bytes memory signatures = bytes.concat(attestation(256), attestation(1), attestation(257), attestation(2));
        verdicts.attestMany(_study, 1, _record, slots, signatures);
        assertCounts(4, 0);
        assertVerdict(1, IVerdicts.Verdict.Attested);
        assertVerdict(2, IVerdicts.Verdict.Attested);
        assertVerdict(256, IVerdicts.Verdict.Attested);
        assertVerdict(257, IVerdicts.Verdict.Attested);
    }

    function test_OneMemberSaysManyThingsInOneTransaction() public {
        complete(_study, 2, allIncluded(2, 5));
        bytes[] memory calls = new bytes[](2);
        for (uint32 round = 1; round <= 2; ++round) {
            bytes32 hash = ledger.recordHash(_study, round);
            calls[round - 1] = abi.encodeCall(verdicts.attest, (_study, round, 1, hash));
        }
        vm.prank(accountOf(1));
        verdicts.multicall(calls);
        vm.assertEq(uint256(verdicts.verdict(_study, 2, 1)), uint256(IVerdicts.Verdict.Attested));
    }

    // When a study is final.

    function close() private {
        vm.prank(SENDER);
        ledger.closeStudy(_study, COMPLETED);
    }

    function test_AStudyIsFinalWhenClosedAttestedByItsQuorumAndUndisputed() public {
        complete(_study, 2, allIncluded(2, 5));
        for (uint16 slot = 1; slot <= 3; ++slot) {
            attest(1, slot);
            attest(2, slot);
        }
        vm.assertFalse(verdicts.isFinal(_study));
        close();
        vm.assertTrue(verdicts.isFinal(_study));
        dispute(4);
        vm.assertFalse(verdicts.isFinal(_study));
        vm.prank(accountOf(4));
        verdicts.withdrawDispute(_study, 1, 4);
        vm.assertTrue(verdicts.isFinal(_study));
    }

    function test_EveryRoundNeedsItsQuorum() public {
        complete(_study, 2, allIncluded(2, 5));
        close();
        for (uint16 slot = 1; slot <= 5; ++slot) {
            attest(2, slot);
        }
        attest(1, 1);
        attest(1, 2);
        vm.assertFalse(verdicts.isFinal(_study));
        attest(1, 5);
        vm.assertTrue(verdicts.isFinal(_study));
        attest(1, 4);
        vm.assertTrue(verdicts.isFinal(_study));
    }

    function test_ABatchThatPassesTheQuorumCountsTheRoundOnce() public {
        close();
        attest(1, 1);
        bytes memory slots = abi.encodePacked(uint16(2), uint16(3), uint16(4));
        verdicts.attestMany(_study, 1, _record, slots, bytes.concat(attestation(2), attestation(3), attestation(4)));
        vm.assertTrue(verdicts.isFinal(_study));
    }

    function test_AStudyThatIsNoneIsNotFinal() public view {
        vm.assertFalse(verdicts.isFinal(MANIFEST));
    }

    function test_AStudyThatWasClosedBeforeItsFirstRoundIsFinal() public {
        vm.prank(operator);
        bytes32 study = ledger.openStudy(PLAN, MODEL, COORDINATOR, 2, MANIFEST);
        vm.prank(SENDER);
        ledger.closeStudy(study, ABORTED);
        vm.assertTrue(verdicts.isFinal(study));
    }

    /// @notice Another deployment's verdicts are another domain.
    function test_SignaturesAreOfOneContract() public {
        bytes memory signature = attestation(1);
        Verdicts others = new Verdicts(consortium, ledger);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotTheMember.selector, uint16(1)));
        others.attestFor(_study, 1, 1, _record, signature);
    }
}
