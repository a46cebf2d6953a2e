// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IRoundLedger} from "../src/interfaces/IRoundLedger.sol";
import {Fixture} from "./support/Fixture.sol";
import {Multisig} from "./support/Multisig.sol";
import {Vm} from "./support/Vm.sol";

/// @notice Opening, starting, noting and closing; the hashes are spelled out here, not taken from the contract.
contract StudyTest is Fixture {
    bytes32 private constant SALT = keccak256("salt");

    function setUp() public {
        deploy();
    }

    function openedHead(bytes32 study) private view returns (bytes32) {
        return keccak256(abi.encode(keccak256("syndic.study.v1"), block.chainid, address(ledger), study, PLAN, MODEL));
    }

    function digestToSign() private view returns (bytes32) {
        bytes32 domain = domainOf(address(ledger));
        vm.assertEq(ledger.domainSeparator(), domain);
        bytes32 message = keccak256(
            abi.encode(
                keccak256(
                    "OpenStudy(bytes32 plan,bytes32 initialModel,address coordinator,uint16 minIncluded,bytes32 salt)"
                ),
                PLAN,
                MODEL,
                COORDINATOR,
                uint16(2),
                SALT
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }

    function signed(uint256 key) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digestToSign());
        return abi.encodePacked(r, s, v);
    }

    function test_AnOperatorOpensAStudy() public {
        vm.recordLogs();
        bytes32 id = open(2);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(id, keccak256(abi.encode(block.chainid, address(ledger), operator, PLAN, bytes32(0))));
        vm.assertEq(ledger.studyId(operator, PLAN, bytes32(0)), id);
        IRoundLedger.Study memory study = ledger.study(id);
        vm.assertEq(study.operator, operator);
        vm.assertEq(study.coordinator, COORDINATOR);
        vm.assertEq(study.minIncluded, 2);
        vm.assertEq(study.outcome, 0);
        vm.assertFalse(study.started);
        vm.assertEq(study.openedAt, START_TIME);
        vm.assertEq(study.lastRound, 0);
        vm.assertEq(study.plan, PLAN);
        vm.assertEq(study.initialModel, MODEL);
        vm.assertEq(study.model, MODEL);
        vm.assertEq(study.head, openedHead(id));
        vm.assertEq(ledger.head(id), openedHead(id));
        vm.assertEq(logs[0].topics[0], IRoundLedger.StudyOpened.selector);
        vm.assertEq(logs[0].data, abi.encode(PLAN, MODEL, uint16(2), bytes32(0), openedHead(id)));
    }

    /// @dev Seconds of 32 bits end in 2106.
    function test_AStudyIsOpenedInAnyCentury() public {
        uint256 later = uint256(2) ** 32 + 7;
        vm.warp(later);
        vm.assertEq(ledger.study(open(2)).openedAt, later);
    }

    function test_RefusesAStudyThatIsNotAnOperatorsOrHasNoCoordinatorOrQuorum() public {
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NotOperator.selector, address(this)));
        ledger.openStudy(PLAN, MODEL, COORDINATOR, 2, SALT);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.UnknownCoordinator.selector, SENDER));
        ledger.openStudy(PLAN, MODEL, SENDER, 2, SALT);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.MinIncludedTooSmall.selector, 1));
        ledger.openStudy(PLAN, MODEL, COORDINATOR, 1, SALT);
        bytes32 id = open(2);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.StudyExists.selector, id));
        open(3);
    }

    function test_AnyoneRelaysAnOperatorsSignature() public {
        bytes32 id = ledger.openStudyFor(operator, PLAN, MODEL, COORDINATOR, 2, SALT, signed(OPERATOR_KEY));
        vm.assertEq(ledger.study(id).operator, operator);
        bytes memory again = signed(OPERATOR_KEY);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.StudyExists.selector, id));
        ledger.openStudyFor(operator, PLAN, MODEL, COORDINATOR, 2, SALT, again);
    }

    function test_AMultisigsAgreementIsRelayedToo() public {
        address multisig = address(new Multisig(digestToSign()));
        consortium.grantRole(consortium.OPERATOR_ROLE(), multisig);
        bytes32 id = ledger.openStudyFor(multisig, PLAN, MODEL, COORDINATOR, 2, SALT, "");
        vm.assertEq(ledger.study(id).operator, multisig);
    }

    function test_RefusesWhatTheOperatorDidNotSign() public {
        bytes memory signature = signed(OPERATOR_KEY);
        bytes memory foreign = signed(0xBAD);
        bytes memory invalid = abi.encodeWithSelector(IRoundLedger.InvalidSignature.selector);
        vm.expectRevert(invalid);
        ledger.openStudyFor(operator, MODEL, MODEL, COORDINATOR, 2, SALT, signature);
        vm.expectRevert(invalid);
        ledger.openStudyFor(operator, PLAN, PLAN, COORDINATOR, 2, SALT, signature);
        vm.expectRevert(invalid);
        ledger.openStudyFor(operator, PLAN, MODEL, SENDER, 2, SALT, signature);
        vm.expectRevert(invalid);
        ledger.openStudyFor(operator, PLAN, MODEL, COORDINATOR, 3, SALT, signature);
        vm.expectRevert(invalid);
        ledger.openStudyFor(operator, PLAN, MODEL, COORDINATOR, 2, PLAN, signature);
        vm.expectRevert(invalid);
        ledger.openStudyFor(operator, PLAN, MODEL, COORDINATOR, 2, SALT, foreign);
        vm.expectRevert(invalid);
        ledger.openStudyFor(operator, PLAN, MODEL, COORDINATOR, 2, SALT, "");
        address stranger = vm.addr(0xBAD);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NotOperator.selector, stranger));
        ledger.openStudyFor(stranger, PLAN, MODEL, COORDINATOR, 2, SALT, foreign);
    }

    function test_RefusesTheMalleatedSignature() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OPERATOR_KEY, digestToSign());
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory high = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.InvalidSignature.selector));
        ledger.openStudyFor(operator, PLAN, MODEL, COORDINATOR, 2, SALT, high);
    }

    function test_TheStartFixesTheRosterFromLiveGrants() public {
        admit(700);
        bytes32 id = open(2);
        // Out of order and across words of the roster; 40's grant ends before, 9's is revoked.
        grant(id, 700);
        grant(id, 256);
        grant(id, 3);
        grant(id, 40, START_TIME + 5);
        grant(id, 9);
        grant(id, 255);
        revoke(id, 9);
        vm.warp(START_TIME + 5);
        vm.recordLogs();
        start(id);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32 link = keccak256(
            abi.encode(keccak256("syndic.start.v1"), id, keccak256(hex"000300ff010002bc"), uint64(START_TIME + 5))
        );
        bytes32 head = keccak256(abi.encode(openedHead(id), link));
        vm.assertEq(ledger.head(id), head);
        uint16[] memory slots = ledger.roster(id);
        vm.assertEq(abi.encode(slots), abi.encode(four(3, 255, 256, 700)));
        vm.assertEq(logs[0].topics[0], IRoundLedger.StudyStarted.selector);
        vm.assertEq(logs[0].data, abi.encode(slots, head));
        vm.assertTrue(ledger.study(id).started);
    }

    function test_MoreMembersThanAByteCountsAreAllOnTheRoster() public {
        bytes32 id = running(300, 2);
        vm.assertEq(ledger.roster(id).length, 300);
        vm.prank(SENDER);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.EntriesMismatch.selector, 44));
        ledger.recordRound(id, 1, FAILED, MODEL, MODEL, MANIFEST, new bytes(44 * 64));
    }

    function test_TotalsBeyondWhatALaneHoldsAreToldWhole() public {
        bytes32 id = running(2, 2);
        // What earlier rounds carried over, where docs/storage-layout.md has it: 70,000 rounds of 2^50 samples together.
        uint256 table = uint256(keccak256(abi.encode(id, uint256(8))));
        bytes32 carried = keccak256(abi.encode(uint256(1), table + 22_272));
        vm.store(address(ledger), carried, bytes32((uint256(2 ** 50) << 64) | 70_000));
        record(id, 1, COMPLETED, MODEL, modelAfter(1), allIncluded(1, 2));
        (uint32 rounds, uint64 samples) = ledger.totals(id, 1);
        vm.assertEq(rounds, 70_001);
        vm.assertEq(samples, 2 ** 50 + 101);
    }

    function test_WhoseGrantEndedBeforeTheStartDoesNotComeBackWithoutANewOne() public {
        admit(4);
        bytes32 id = open(2);
        grant(id, 1);
        grant(id, 2);
        grant(id, 3, START_TIME + 5);
        vm.warp(START_TIME + 5);
        start(id);
        // Another's joining brings the group's roster up to date.
        grant(id, 4);
        complete(id, 1, allIncluded(1, 2));
        vm.assertEq(ledger.roster(id).length, 3);
        vm.assertEq(ledger.roster(id)[2], 4);
        grant(id, 3);
        complete(id, 2, bytes.concat(allIncluded(2, 2), included(2, 4, 1)));
        complete(id, 3, allIncluded(3, 4));
    }

    function four(uint16 a, uint16 b, uint16 c, uint16 d) private pure returns (uint16[] memory slots) {
        slots = new uint16[](4);
        (slots[0], slots[1], slots[2], slots[3]) = (a, b, c, d);
    }

    function test_BeforeTheStartTheRosterIsWhoIsLiveNow() public {
        admit(3);
        bytes32 id = open(2);
        grant(id, 2, START_TIME + 5);
        grant(id, 1);
        vm.assertEq(ledger.roster(id).length, 2);
        vm.warp(START_TIME + 5);
        vm.assertEq(ledger.roster(id).length, 1);
    }

    function test_RefusesAStartUnderTheQuorumOrTwice() public {
        admit(3);
        bytes32 id = open(2);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.UnknownStudy.selector, MODEL));
        start(MODEL);
        grant(id, 1);
        grant(id, 2, START_TIME + 5);
        vm.warp(START_TIME + 5);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.TooFewMembers.selector, 1, 2));
        start(id);
        grant(id, 2);
        start(id);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.AlreadyStarted.selector, id));
        start(id);
    }

    function test_OnlyCoordinatorAndOperatorStart() public {
        admit(2);
        bytes32 id = open(2);
        grant(id, 1);
        grant(id, 2);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NotCoordinator.selector, address(this)));
        ledger.startStudy(id);
        vm.prank(COORDINATOR);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NotCoordinator.selector, COORDINATOR));
        ledger.startStudy(id);
        consortium.revokeRole(consortium.OPERATOR_ROLE(), operator);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NotCoordinator.selector, operator));
        ledger.startStudy(id);
        consortium.grantRole(consortium.OPERATOR_ROLE(), operator);
        vm.prank(operator);
        ledger.startStudy(id);
        vm.assertTrue(ledger.study(id).started);
    }

    function test_NotesAndTheCloseExtendTheHead() public {
        bytes32 id = open(2);
        bytes32 head = openedHead(id);
        bytes32 kind = keccak256("survivors");
        vm.warp(START_TIME + 3);
        vm.recordLogs();
        vm.prank(SENDER);
        ledger.note(id, kind, MANIFEST);
        Vm.Log[] memory noted = vm.getRecordedLogs();
        head = keccak256(
            abi.encode(
                head, keccak256(abi.encode(keccak256("syndic.note.v1"), id, kind, MANIFEST, uint64(START_TIME + 3)))
            )
        );
        vm.assertEq(ledger.head(id), head);
        vm.assertEq(noted[0].topics[0], IRoundLedger.Noted.selector);
        vm.assertEq(noted[0].topics[2], kind);
        vm.assertEq(noted[0].data, abi.encode(MANIFEST, head));
        vm.recordLogs();
        vm.prank(SENDER);
        ledger.closeStudy(id, FAILED);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        head = keccak256(
            abi.encode(
                head, keccak256(abi.encode(keccak256("syndic.close.v1"), id, uint8(FAILED), uint64(START_TIME + 3)))
            )
        );
        vm.assertEq(ledger.head(id), head);
        vm.assertEq(logs[0].data, abi.encode(FAILED, head));
        vm.assertEq(ledger.study(id).outcome, FAILED);
    }

    function test_OnlyTheCoordinatorNotesAndCloses() public {
        bytes32 id = open(2);
        bytes memory refusal = abi.encodeWithSelector(IRoundLedger.NotCoordinator.selector, operator);
        vm.prank(operator);
        vm.expectRevert(refusal);
        ledger.note(id, PLAN, MANIFEST);
        vm.prank(operator);
        vm.expectRevert(refusal);
        ledger.closeStudy(id, ABORTED);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.UnknownStudy.selector, MODEL));
        ledger.note(MODEL, PLAN, MANIFEST);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.UnknownStudy.selector, MODEL));
        ledger.closeStudy(MODEL, ABORTED);
    }

    function test_NothingHappensToAClosedStudy() public {
        bytes32 id = running(2, 2);
        bytes memory entries = allIncluded(1, 2);
        vm.prank(SENDER);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.WrongOutcome.selector, 0));
        ledger.closeStudy(id, 0);
        vm.prank(SENDER);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.WrongOutcome.selector, 4));
        ledger.closeStudy(id, 4);
        vm.prank(SENDER);
        ledger.closeStudy(id, ABORTED);
        bytes memory closed = abi.encodeWithSelector(IRoundLedger.StudyIsClosed.selector, id);
        vm.expectRevert(closed);
        complete(id, 1, entries);
        vm.prank(SENDER);
        vm.expectRevert(closed);
        ledger.note(id, PLAN, MANIFEST);
        vm.prank(SENDER);
        vm.expectRevert(closed);
        ledger.closeStudy(id, ABORTED);
        vm.expectRevert(closed);
        start(id);
    }
}
