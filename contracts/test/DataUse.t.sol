// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Consortium} from "../src/Consortium.sol";
import {DataUse} from "../src/DataUse.sol";
import {RoundLedger} from "../src/RoundLedger.sol";
import {Verdicts} from "../src/Verdicts.sol";
import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IDataUse} from "../src/interfaces/IDataUse.sol";
import {IRoundLedger} from "../src/interfaces/IRoundLedger.sol";
import {Fixture} from "./support/Fixture.sol";

contract DataUseTest is Fixture {
    bytes32 private constant ROOT = keccak256("another root");
    bytes32 private study;

    function setUp() public {
        deploy();
        admit(3);
        study = open(2);
    }

    function test_ALedgerElsewhereThanWhereItIsExpectedIsNotBorn() public {
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NamesAnotherLedger.selector, address(ledger)));
        new RoundLedger(consortium, dataUse, verdicts);
        vm.assertEq(address(dataUse.ledger()), address(ledger));
        vm.assertEq(address(ledger.dataUse()), address(dataUse));
        vm.assertEq(address(ledger.verdicts()), address(verdicts));
        vm.assertEq(address(ledger.consortium()), address(consortium));
        DataUse mine = new DataUse(consortium, creationAfter(1));
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NamesAnotherLedger.selector, address(ledger)));
        new RoundLedger(consortium, mine, verdicts);
    }

    function test_ALedgerOfAnotherConsortiumThanItsNeighboursIsNotBorn() public {
        Consortium other = new Consortium(address(this), DELAY);
        bytes memory fault = abi.encodeWithSelector(IRoundLedger.NamesAnotherConsortium.selector, address(consortium));
        DataUse ours = new DataUse(consortium, creationAfter(2));
        Verdicts theirs = new Verdicts(other, creationAfter(1));
        vm.expectRevert(fault);
        new RoundLedger(other, ours, theirs);
        DataUse others = new DataUse(other, creationAfter(2));
        Verdicts mine = new Verdicts(consortium, creationAfter(1));
        vm.expectRevert(fault);
        new RoundLedger(other, others, mine);
    }

    function test_AccountAndWorkerKeyAddVersions() public {
        vm.prank(accountOf(1));
        dataUse.addVersion(1, DATASET, ROOT, 512);
        IDataUse.Version memory version = dataUse.version(1, DATASET, ROOT);
        vm.assertEq(version.addedAt, START_TIME);
        vm.assertEq(version.rows, 512);
        vm.prank(workerOf(1));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.VersionExists.selector, 1, DATASET, ROOT));
        dataUse.addVersion(1, DATASET, ROOT, 512);
        vm.assertEq(dataUse.version(2, DATASET, ROOT).addedAt, 0);
    }

    function test_NobodyElseAddsVersions() public {
        vm.prank(workerOf(2));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.NotAccountNorKey.selector, workerOf(2), 1));
        dataUse.addVersion(1, DATASET, ROOT, 512);
        vm.prank(accountOf(1));
        consortium.setKey(address(0x4E1));
        vm.prank(workerOf(1));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.NotAccountNorKey.selector, workerOf(1), 1));
        dataUse.addVersion(1, DATASET, ROOT, 512);
        vm.prank(accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.UnknownSlot.selector, 9));
        dataUse.addVersion(9, DATASET, ROOT, 512);
    }

    function test_RefusesAVersionOfNoRowsOrOfASuspendedMember() public {
        vm.prank(accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.RowsOutOfRange.selector, 0));
        dataUse.addVersion(1, DATASET, ROOT, 0);
        consortium.suspend(1);
        vm.prank(accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.MemberNotActive.selector, 1));
        dataUse.addVersion(1, DATASET, ROOT, 1);
    }

    function test_JoiningIsGranting() public {
        vm.assertEq(dataUse.latestGrant(study, 1).grantedAt, 0);
        vm.assertFalse(dataUse.isLive(study, 1));
        grant(study, 1);
        vm.assertTrue(dataUse.isLive(study, 1));
        IDataUse.Grant memory given = dataUse.latestGrant(study, 1);
        vm.assertEq(given.plan, PLAN);
        vm.assertEq(given.dataset, DATASET);
        vm.assertEq(given.grantedAt, START_TIME);
        vm.assertEq(given.until, UNTIL);
        vm.assertEq(given.revokedAt, 0);
        uint16[] memory slots = ledger.roster(study);
        vm.assertEq(slots.length, 1);
        vm.assertEq(slots[0], 1);
    }

    function test_OnlyTheAccountGrantsAndRevokes() public {
        vm.prank(workerOf(1));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.NotAccount.selector, workerOf(1), 1));
        dataUse.grant(study, 1, PLAN, DATASET, UNTIL);
        grant(study, 1);
        vm.prank(workerOf(1));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.NotAccount.selector, workerOf(1), 1));
        dataUse.revoke(study, 1);
        vm.prank(accountOf(2));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.NotAccount.selector, accountOf(2), 1));
        dataUse.revoke(study, 1);
    }

    function test_RefusesAGrantThatMeansNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IDataUse.UnknownStudy.selector, bytes32(uint256(1))));
        grant(bytes32(uint256(1)), 1);
        vm.prank(accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.WrongPlan.selector, PLAN, MODEL));
        dataUse.grant(study, 1, MODEL, DATASET, UNTIL);
        vm.prank(accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.DatasetUnknown.selector, 1, MODEL));
        dataUse.grant(study, 1, PLAN, MODEL, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(IDataUse.UntilInPast.selector, START_TIME));
        grant(study, 1, START_TIME);
        consortium.suspend(1);
        vm.expectRevert(abi.encodeWithSelector(IDataUse.MemberNotActive.selector, 1));
        grant(study, 1);
        vm.prank(SENDER);
        ledger.closeStudy(study, ABORTED);
        vm.expectRevert(abi.encodeWithSelector(IDataUse.StudyIsClosed.selector, study));
        grant(study, 2);
    }

    function test_OneLiveGrantAMemberAStudy() public {
        grant(study, 1, START_TIME + 10);
        vm.expectRevert(abi.encodeWithSelector(IDataUse.GrantIsLive.selector, study, 1));
        grant(study, 1);
        // `until` is exclusive: at that second the grant has ended, and another can be given.
        vm.warp(START_TIME + 10);
        vm.assertFalse(dataUse.isLive(study, 1));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.NoLiveGrant.selector, study, 1));
        revoke(study, 1);
        grant(study, 1);
        revoke(study, 1);
        vm.expectRevert(abi.encodeWithSelector(IDataUse.NoLiveGrant.selector, study, 1));
        revoke(study, 1);
        grant(study, 1);
        vm.assertEq(dataUse.grantCount(study, 1), 3);
        vm.assertEq(dataUse.grantAt(study, 1, 0).until, START_TIME + 10);
        vm.assertEq(dataUse.grantAt(study, 1, 1).revokedAt, START_TIME + 10);
        vm.assertEq(dataUse.grantAt(study, 1, 2).revokedAt, 0);
        vm.assertEq(ledger.roster(study).length, 1);
    }

    function test_ConsentIsWithdrawnWhateverElseHappened() public {
        grant(study, 1);
        consortium.suspend(1);
        vm.prank(SENDER);
        ledger.closeStudy(study, ABORTED);
        revoke(study, 1);
        vm.assertFalse(dataUse.isLive(study, 1));
    }

    function test_OnlyDataUseTellsTheLedger() public {
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NotDataUse.selector, address(this)));
        ledger.onGranted(study, 1, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.NotDataUse.selector, address(this)));
        ledger.onRevoked(study, 1);
    }

    function test_AtMost2000OnARoster() public {
        admit(2_001);
        for (uint256 slot = 1; slot <= 2_000; ++slot) {
            grant(study, slot);
        }
        vm.expectRevert(abi.encodeWithSelector(IRoundLedger.RosterFull.selector));
        grant(study, 2_001);
        vm.assertFalse(dataUse.isLive(study, 2_001));
        revoke(study, 77);
        grant(study, 2_001);
        vm.assertEq(ledger.roster(study).length, 2_000);
    }
}
