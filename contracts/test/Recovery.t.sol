// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IDataUse} from "../src/interfaces/IDataUse.sol";
import {Fixture} from "./support/Fixture.sol";

/// @notice Another account for a member that lost its own; another admin.
contract RecoveryTest is Fixture {
    uint16 private constant SLOT = 2;
    address private constant FOUND = address(0xF0);

    function setUp() public {
        deploy();
        admit(3);
    }

    function propose() private {
        consortium.proposeRecovery(SLOT, FOUND);
    }

    function assertAccount(address account) private view {
        vm.assertEq(consortium.member(SLOT).account, account);
        vm.assertEq(consortium.slotOf(account), SLOT);
    }

    function test_AnotherAccountCountsAfterTheDelayAndNotBefore() public {
        propose();
        (address account, uint48 readyAt) = consortium.recoveryOf(SLOT);
        vm.assertEq(account, FOUND);
        vm.assertEq(readyAt, START_TIME + DELAY);
        vm.warp(readyAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.RecoveryNotReady.selector, SLOT, readyAt));
        consortium.completeRecovery(SLOT);
        assertAccount(accountOf(SLOT));
        vm.warp(readyAt);
        vm.prank(address(0xabc));
        consortium.completeRecovery(SLOT);
        assertAccount(FOUND);
        vm.assertEq(consortium.slotOf(accountOf(SLOT)), 0);
        // The key that the lost account had listed is over, and what it signed before stays valid.
        vm.assertEq(consortium.member(SLOT).key, address(0));
        vm.assertEq(consortium.keyInfo(workerOf(SLOT)).validTo, readyAt);
        vm.assertEq(consortium.keyInfo(workerOf(SLOT)).slot, SLOT);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.NoRecovery.selector, SLOT));
        consortium.completeRecovery(SLOT);
    }

    function test_TheRecoveredAccountActsAndTheLostOneDoesNot() public {
        bytes32 study = open(2);
        grant(study, SLOT);
        propose();
        vm.warp(START_TIME + DELAY);
        consortium.completeRecovery(SLOT);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.UnknownCoordinator.selector, accountOf(SLOT)));
        vm.prank(accountOf(SLOT));
        consortium.setKey(address(0x77));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.NotAccount.selector, accountOf(SLOT), SLOT));
        revoke(study, SLOT);
        vm.prank(FOUND);
        consortium.setKey(address(0x77));
        vm.assertEq(consortium.keyInfo(address(0x77)).slot, SLOT);
        // Whoever holds the lost account must not mark what the member signed with it.
        vm.expectRevert(abi.encodeWithSelector(IConsortium.NotOwner.selector, accountOf(SLOT), accountOf(SLOT)));
        vm.prank(accountOf(SLOT));
        consortium.revokeKey(workerOf(SLOT), true);
        vm.prank(FOUND);
        consortium.revokeKey(workerOf(SLOT), true);
        vm.assertTrue(consortium.keyInfo(workerOf(SLOT)).compromised);
        vm.prank(FOUND);
        dataUse.revoke(study, SLOT);
        // Another member's keys are none of its business.
        vm.expectRevert(abi.encodeWithSelector(IConsortium.NotOwner.selector, FOUND, accountOf(1)));
        vm.prank(FOUND);
        consortium.revokeKey(workerOf(1), true);
    }

    function test_TheMemberCancels() public {
        propose();
        vm.prank(accountOf(SLOT));
        consortium.cancelRecovery(SLOT);
        vm.warp(START_TIME + 2 * DELAY);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.NoRecovery.selector, SLOT));
        consortium.completeRecovery(SLOT);
        assertAccount(accountOf(SLOT));
    }

    function test_TheMembersSignatureCancelsTooAndOnlyOnce() public {
        propose();
        bytes32 message = keccak256(
            abi.encode(
                keccak256("CancelRecovery(address account,address recovered,uint256 nonce)"),
                accountOf(SLOT),
                FOUND,
                consortium.nonces(accountOf(SLOT))
            )
        );
        bytes memory signature = sign(accountKeyOf(SLOT), address(consortium), message);
        consortium.cancelRecoveryFor(SLOT, signature);
        propose();
        vm.expectRevert(abi.encodeWithSelector(IConsortium.InvalidSignature.selector));
        consortium.cancelRecoveryFor(SLOT, signature);
    }

    function test_TheAdminCancelsAndNobodyElse() public {
        propose();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, accountOf(1), bytes32(0))
        );
        vm.prank(accountOf(1));
        consortium.cancelRecovery(SLOT);
        consortium.cancelRecovery(SLOT);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.NoRecovery.selector, SLOT));
        consortium.cancelRecovery(SLOT);
    }

    function test_ProposedAnewTheDelayBeginsAnew() public {
        propose();
        vm.warp(START_TIME + DELAY - 1);
        propose();
        vm.warp(START_TIME + DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(IConsortium.RecoveryNotReady.selector, SLOT, START_TIME + DELAY - 1 + DELAY)
        );
        consortium.completeRecovery(SLOT);
    }

    function test_OnlyTheAdminProposesAndOnlyNewAccounts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, accountOf(1), bytes32(0))
        );
        vm.prank(accountOf(1));
        consortium.proposeRecovery(SLOT, FOUND);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.UnknownSlot.selector, uint16(9)));
        consortium.proposeRecovery(9, FOUND);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.AccountAlreadyMember.selector, accountOf(1)));
        consortium.proposeRecovery(SLOT, accountOf(1));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.AlreadyCoordinator.selector, COORDINATOR));
        consortium.proposeRecovery(SLOT, COORDINATOR);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ZeroAddress.selector));
        consortium.proposeRecovery(SLOT, address(0));
    }

    function test_AnAccountThatWasAdmittedMeanwhileCannotBecomeAnothers() public {
        propose();
        consortium.admit(FOUND);
        vm.warp(START_TIME + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.AccountAlreadyMember.selector, FOUND));
        consortium.completeRecovery(SLOT);
    }

    function test_AnotherAdminTakesOverInTwoStepsWithTheDelayBetween() public {
        consortium.beginDefaultAdminTransfer(FOUND);
        vm.warp(START_TIME + DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector,
                uint48(START_TIME + DELAY)
            )
        );
        vm.prank(FOUND);
        consortium.acceptDefaultAdminTransfer();
        vm.warp(START_TIME + DELAY + 1);
        vm.prank(FOUND);
        consortium.acceptDefaultAdminTransfer();
        vm.prank(FOUND);
        consortium.admit(address(0x99));
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, address(this), bytes32(0))
        );
        consortium.admit(address(0x98));
    }
}
