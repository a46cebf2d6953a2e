// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Consortium} from "../src/Consortium.sol";
import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {Fixture} from "./support/Fixture.sol";

contract ConsortiumTest is Fixture {
    address private constant STRANGER = address(0x57);
    address private constant KEY = address(0x4E1);
    address private constant OTHER_KEY = address(0x4E2);

    function setUp() public {
        deploy();
    }

    function expectNotAdmin() private {
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, bytes32(0))
        );
    }

    function test_RefusesAnAdminOfZero() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector, address(0)
            )
        );
        new Consortium(address(0), DELAY);
    }

    function test_NamesItsRoles() public view {
        vm.assertEq(consortium.OPERATOR_ROLE(), keccak256("syndic.operator"));
        vm.assertEq(consortium.AUDITOR_ROLE(), keccak256("syndic.auditor"));
    }

    function test_SlotsCountFromOneAndAreNeverReused() public {
        vm.assertEq(consortium.admit(accountOf(1)), 1);
        consortium.suspend(1);
        vm.assertEq(consortium.admit(accountOf(2)), 2);
        vm.assertEq(consortium.memberCount(), 2);
        vm.assertEq(consortium.slotOf(accountOf(2)), 2);
        vm.assertEq(consortium.slotOf(STRANGER), 0);
        IConsortium.Member memory member = consortium.member(1);
        vm.assertEq(member.account, accountOf(1));
        vm.assertEq(member.key, address(0));
        vm.assertEq(member.admittedAt, START_TIME);
        vm.assertEq(member.suspendedAt, START_TIME);
    }

    function test_OnlyTheAdminAdmitsSuspendsAndLists() public {
        consortium.admit(accountOf(1));
        expectNotAdmin();
        consortium.admit(accountOf(2));
        expectNotAdmin();
        consortium.suspend(1);
        expectNotAdmin();
        consortium.reinstate(1);
        expectNotAdmin();
        consortium.addCoordinator(accountOf(2));
        expectNotAdmin();
        consortium.removeCoordinator(COORDINATOR);
    }

    function test_AnAccountIsAdmittedOnceAndInOneQuality() public {
        consortium.admit(accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.AccountAlreadyMember.selector, accountOf(1)));
        consortium.admit(accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.AccountAlreadyMember.selector, accountOf(1)));
        consortium.addCoordinator(accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.AlreadyCoordinator.selector, COORDINATOR));
        consortium.admit(COORDINATOR);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.AlreadyCoordinator.selector, COORDINATOR));
        consortium.addCoordinator(COORDINATOR);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ZeroAddress.selector));
        consortium.admit(address(0));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ZeroAddress.selector));
        consortium.addCoordinator(address(0));
    }

    function test_RefusesMoreThan65535Members() public {
        // See docs/storage-layout.md.
        vm.store(address(consortium), bytes32(uint256(6)), bytes32(uint256(type(uint16).max) - 1));
        vm.assertEq(consortium.admit(accountOf(1)), type(uint16).max);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.TooManyMembers.selector));
        consortium.admit(accountOf(2));
    }

    function test_SuspendsAndReinstates() public {
        vm.expectRevert(abi.encodeWithSelector(IConsortium.UnknownSlot.selector, 1));
        consortium.suspend(1);
        vm.assertFalse(consortium.isActive(1));
        consortium.admit(accountOf(1));
        vm.assertTrue(consortium.isActive(1));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.NotSuspended.selector, 1));
        consortium.reinstate(1);
        consortium.suspend(1);
        vm.assertFalse(consortium.isActive(1));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.AlreadySuspended.selector, 1));
        consortium.suspend(1);
        consortium.reinstate(1);
        vm.assertTrue(consortium.isActive(1));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.UnknownSlot.selector, 2));
        consortium.reinstate(2);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.UnknownSlot.selector, 2));
        consortium.member(2);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_TellsTheLedgerWhoIsSuspended(uint16[16] memory picks) public {
        while (consortium.memberCount() < 600) {
            consortium.admit(accountOf(uint256(consortium.memberCount()) + 1));
        }
        for (uint256 i; i < picks.length; ++i) {
            uint16 slot = uint16(1 + picks[i] % 600);
            if (consortium.isActive(slot)) consortium.suspend(slot);
            else consortium.reinstate(slot);
        }
        (, uint256 groups) = consortium.coordination(COORDINATOR);
        for (uint16 slot = 1; slot <= 600; ++slot) {
            bool suspended = (consortium.suspendedIn(uint8(slot >> 8)) >> (slot & 0xff)) & 1 != 0;
            vm.assertEq(suspended, !consortium.isActive(slot));
        }
        for (uint256 group; group < 256; ++group) {
            vm.assertEq((groups >> group) & 1 != 0, consortium.suspendedIn(uint8(group)) != 0);
        }
    }

    function test_KeysAreRotatedWithTheirHistory() public {
        consortium.admit(accountOf(1));
        vm.prank(accountOf(1));
        consortium.setKey(KEY);
        vm.assertEq(consortium.keyOf(accountOf(1)), KEY);
        vm.assertEq(consortium.member(1).key, KEY);
        vm.warp(START_TIME + 10);
        vm.prank(accountOf(1));
        consortium.setKey(OTHER_KEY);
        IConsortium.Key memory info = consortium.keyInfo(KEY);
        vm.assertEq(info.slot, 1);
        vm.assertEq(info.owner, accountOf(1));
        vm.assertEq(info.validFrom, START_TIME);
        vm.assertEq(info.validTo, START_TIME + 10);
        vm.assertFalse(info.compromised);
        vm.assertEq(consortium.keyInfo(OTHER_KEY).validTo, 0);
        address[] memory keys = consortium.keysOf(accountOf(1));
        vm.assertEq(keys.length, 2);
        vm.assertEq(keys[0], KEY);
        vm.assertEq(keys[1], OTHER_KEY);
    }

    function test_AKeyIsListedOnceForGood() public {
        consortium.admit(accountOf(1));
        consortium.admit(accountOf(2));
        vm.prank(accountOf(1));
        consortium.setKey(KEY);
        vm.prank(accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.KeyAlreadyListed.selector, KEY));
        consortium.setKey(KEY);
        vm.prank(accountOf(1));
        consortium.revokeKey(KEY, false);
        vm.prank(accountOf(2));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.KeyAlreadyListed.selector, KEY));
        consortium.setKey(KEY);
        vm.prank(accountOf(2));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ZeroAddress.selector));
        consortium.setKey(address(0));
    }

    function test_OnlyHoldersListKeysAndOnlyTheirOwnersRevokeThem() public {
        vm.expectRevert(abi.encodeWithSelector(IConsortium.UnknownCoordinator.selector, address(this)));
        consortium.setKey(KEY);
        // Not even the admin.
        vm.expectRevert(abi.encodeWithSelector(IConsortium.NotOwner.selector, address(this), COORDINATOR));
        consortium.revokeKey(SENDER, true);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.NotOwner.selector, address(this), address(0)));
        consortium.revokeKey(KEY, true);
    }

    function test_ARevokedKeyStopsAtOnceAndStaysOnRecord() public {
        vm.warp(START_TIME + 5);
        vm.prank(COORDINATOR);
        consortium.revokeKey(SENDER, true);
        vm.assertEq(consortium.keyOf(COORDINATOR), address(0));
        IConsortium.Key memory info = consortium.keyInfo(SENDER);
        vm.assertEq(info.validTo, START_TIME + 5);
        vm.assertTrue(info.compromised);
        vm.prank(COORDINATOR);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.KeyNotLive.selector, SENDER));
        consortium.revokeKey(SENDER, true);
    }

    function test_ARotatedKeyCanStillBeFoundCompromised() public {
        vm.prank(COORDINATOR);
        consortium.setKey(KEY);
        vm.warp(START_TIME + 7);
        vm.prank(COORDINATOR);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.KeyNotLive.selector, SENDER));
        consortium.revokeKey(SENDER, false);
        vm.prank(COORDINATOR);
        consortium.revokeKey(SENDER, true);
        vm.assertTrue(consortium.keyInfo(SENDER).compromised);
        vm.assertEq(consortium.keyInfo(SENDER).validTo, START_TIME);
        vm.assertEq(consortium.keyOf(COORDINATOR), KEY);
    }

    function test_ARemovedCoordinatorHasNoKey() public {
        consortium.removeCoordinator(COORDINATOR);
        vm.assertFalse(consortium.isCoordinator(COORDINATOR));
        vm.assertEq(consortium.keyOf(COORDINATOR), address(0));
        vm.assertEq(consortium.keyInfo(SENDER).validTo, START_TIME);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.UnknownCoordinator.selector, COORDINATOR));
        consortium.removeCoordinator(COORDINATOR);
        consortium.addCoordinator(COORDINATOR);
        vm.prank(COORDINATOR);
        consortium.setKey(KEY);
        (address key,) = consortium.coordination(COORDINATOR);
        vm.assertEq(key, KEY);
    }

    function test_AFormerCoordinatorWhoIsNowAMemberCoordinatesNothing() public {
        consortium.removeCoordinator(COORDINATOR);
        consortium.admit(COORDINATOR);
        vm.prank(COORDINATOR);
        consortium.setKey(KEY);
        (address key,) = consortium.coordination(COORDINATOR);
        vm.assertEq(key, address(0));
    }
}
