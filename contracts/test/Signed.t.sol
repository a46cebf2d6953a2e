// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IDataUse} from "../src/interfaces/IDataUse.sol";
import {Fixture} from "./support/Fixture.sol";
import {Multisig} from "./support/Multisig.sol";

/// @notice What members and coordinators sign and others send. The messages are spelled out here.
contract SignedTest is Fixture {
    bytes32 private constant ROOT = keccak256("another root");
    address private constant KEY = address(0x77);
    bytes32 private constant PROFILE = keccak256("profile");

    bytes32 private _study;

    function setUp() public {
        deploy();
        admit(3);
        _study = open(2);
    }

    function setKeyMessage(address account, address key, uint256 nonce) private pure returns (bytes32) {
        return
            keccak256(abi.encode(keccak256("SetKey(address account,address key,uint256 nonce)"), account, key, nonce));
    }

    function grantMessage(uint16 slot, uint64 until, uint256 nonce) private view returns (bytes32) {
        bytes32 kind =
            keccak256("Grant(bytes32 study,uint16 slot,bytes32 plan,bytes32 dataset,uint64 until,uint256 nonce)");
        return keccak256(abi.encode(kind, _study, slot, PLAN, DATASET, until, nonce));
    }

    function revokeMessage(uint16 slot, uint256 nonce) private view returns (bytes32) {
        bytes32 kind = keccak256("Revoke(bytes32 study,uint16 slot,uint256 nonce)");
        return keccak256(abi.encode(kind, _study, slot, nonce));
    }

    function expectUnsigned() private {
        vm.expectRevert(abi.encodeWithSelector(IConsortium.InvalidSignature.selector));
    }

    // Keys and profiles.

    function test_AnyoneListsAKeyOnTheAccountsSignature() public {
        vm.assertEq(consortium.domainSeparator(), domainOf(address(consortium)));
        uint256 nonce = consortium.nonces(accountOf(1));
        bytes memory signature = sign(accountKeyOf(1), address(consortium), setKeyMessage(accountOf(1), KEY, nonce));
        consortium.setKeyFor(accountOf(1), KEY, signature);
        vm.assertEq(consortium.keyOf(accountOf(1)), KEY);
        vm.assertEq(consortium.keyInfo(KEY).owner, accountOf(1));
        expectUnsigned();
        consortium.setKeyFor(accountOf(1), KEY, signature);
    }

    function test_WhatTheAccountDoesItselfVoidsWhatItSignedBefore() public {
        uint256 nonce = consortium.nonces(accountOf(1));
        bytes memory signature = sign(accountKeyOf(1), address(consortium), setKeyMessage(accountOf(1), KEY, nonce));
        vm.prank(accountOf(1));
        consortium.setKey(address(0x78));
        expectUnsigned();
        consortium.setKeyFor(accountOf(1), KEY, signature);
    }

    function test_NeitherAnotherNorTheWorkerKeySignsForAnAccount() public {
        bytes32 message = setKeyMessage(accountOf(1), KEY, consortium.nonces(accountOf(1)));
        bytes memory ofAnother = sign(accountKeyOf(2), address(consortium), message);
        expectUnsigned();
        consortium.setKeyFor(accountOf(1), KEY, ofAnother);
        bytes memory ofItsKey = sign(workerKeyOf(1), address(consortium), message);
        expectUnsigned();
        consortium.setKeyFor(accountOf(1), KEY, ofItsKey);
        bytes memory elsewhere = sign(accountKeyOf(1), address(ledger), message);
        expectUnsigned();
        consortium.setKeyFor(accountOf(1), KEY, elsewhere);
    }

    function test_AKeyIsRevokedOnTheAccountsSignature() public {
        bytes32 kind = keccak256("RevokeKey(address account,address key,bool compromised,uint256 nonce)");
        bytes32 message = keccak256(abi.encode(kind, accountOf(1), workerOf(1), true, consortium.nonces(accountOf(1))));
        bytes memory signature = sign(accountKeyOf(1), address(consortium), message);
        expectUnsigned();
        consortium.revokeKeyFor(accountOf(1), workerOf(1), false, signature);
        consortium.revokeKeyFor(accountOf(1), workerOf(1), true, signature);
        vm.assertTrue(consortium.keyInfo(workerOf(1)).compromised);
        vm.assertEq(consortium.keyOf(accountOf(1)), address(0));
    }

    function test_AContractsAgreementCounts() public {
        bytes32 digest;
        // A contract's address depends on what it agrees to, and what it agrees to on its address: the next creation.
        address account = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        digest = keccak256(abi.encodePacked(hex"1901", domainOf(address(consortium)), setKeyMessage(account, KEY, 0)));
        vm.assertEq(address(new Multisig(digest)), account);
        consortium.admit(account);
        consortium.setKeyFor(account, KEY, "");
        vm.assertEq(consortium.keyOf(account), KEY);
    }

    function test_AMemberSetsItsProfileItselfOrByASignature() public {
        vm.prank(accountOf(1));
        consortium.setProfile(PROFILE);
        vm.assertEq(consortium.profileOf(1), PROFILE);
        bytes32 kind = keccak256("SetProfile(address account,bytes32 profile,uint256 nonce)");
        bytes32 message = keccak256(abi.encode(kind, accountOf(1), ROOT, consortium.nonces(accountOf(1))));
        consortium.setProfileFor(accountOf(1), ROOT, sign(accountKeyOf(1), address(consortium), message));
        vm.assertEq(consortium.profileOf(1), ROOT);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.NotMember.selector, COORDINATOR));
        vm.prank(COORDINATOR);
        consortium.setProfile(PROFILE);
    }

    // Data and consent.

    function test_AVersionIsAddedOnTheSignatureOfKeyOrAccount() public {
        vm.assertEq(dataUse.domainSeparator(), domainOf(address(dataUse)));
        bytes32 kind = keccak256("AddVersion(uint16 slot,bytes32 dataset,bytes32 root,uint40 rows)");
        bytes32 message = keccak256(abi.encode(kind, uint16(1), DATASET, ROOT, uint40(64)));
        bytes memory ofAnother = sign(workerKeyOf(2), address(dataUse), message);
        expectUnsigned();
        dataUse.addVersionFor(1, DATASET, ROOT, 64, ofAnother);
        dataUse.addVersionFor(1, DATASET, ROOT, 64, sign(workerKeyOf(1), address(dataUse), message));
        vm.assertEq(dataUse.version(1, DATASET, ROOT).rows, 64);
        message = keccak256(abi.encode(kind, uint16(1), DATASET, PLAN, uint40(32)));
        dataUse.addVersionFor(1, DATASET, PLAN, 32, sign(accountKeyOf(1), address(dataUse), message));
        vm.assertEq(dataUse.version(1, DATASET, PLAN).rows, 32);
    }

    function test_AMemberJoinsAndLeavesOnItsSignatures() public {
        bytes memory joining = sign(accountKeyOf(1), address(dataUse), grantMessage(1, UNTIL, 0));
        dataUse.grantFor(_study, 1, PLAN, DATASET, UNTIL, joining);
        vm.assertTrue(dataUse.isLive(_study, 1));
        bytes memory leaving = sign(accountKeyOf(1), address(dataUse), revokeMessage(1, 1));
        dataUse.revokeFor(_study, 1, leaving);
        vm.assertFalse(dataUse.isLive(_study, 1));
        // Neither brings back what the other undid.
        expectUnsigned();
        dataUse.grantFor(_study, 1, PLAN, DATASET, UNTIL, joining);
        expectUnsigned();
        dataUse.revokeFor(_study, 1, leaving);
    }

    function test_WhatAMemberDoesItselfVoidsWhatItSignedBefore() public {
        grant(_study, 1);
        // For when the grant has ended by itself.
        bytes memory again = sign(accountKeyOf(1), address(dataUse), grantMessage(1, UNTIL, dataUse.nonces(_study, 1)));
        revoke(_study, 1);
        expectUnsigned();
        dataUse.grantFor(_study, 1, PLAN, DATASET, UNTIL, again);
        bytes memory leaving = sign(accountKeyOf(1), address(dataUse), revokeMessage(1, dataUse.nonces(_study, 1) + 1));
        grant(_study, 1);
        revoke(_study, 1);
        grant(_study, 1);
        expectUnsigned();
        dataUse.revokeFor(_study, 1, leaving);
        vm.assertEq(dataUse.nonces(_study, 1), 5);
    }

    function test_AGrantIsOfOneStudyMemberPlanDatasetAndDate() public {
        bytes memory joining = sign(accountKeyOf(1), address(dataUse), grantMessage(1, UNTIL, 0));
        expectUnsigned();
        dataUse.grantFor(_study, 1, PLAN, DATASET, UNTIL + 1, joining);
        expectUnsigned();
        dataUse.grantFor(_study, 1, PLAN, ROOT, UNTIL, joining);
        expectUnsigned();
        dataUse.grantFor(_study, 2, PLAN, DATASET, UNTIL, joining);
        expectUnsigned();
        dataUse.grantFor(PLAN, 1, PLAN, DATASET, UNTIL, joining);
        bytes memory byItsKey = sign(workerKeyOf(1), address(dataUse), grantMessage(1, UNTIL, 0));
        expectUnsigned();
        dataUse.grantFor(_study, 1, PLAN, DATASET, UNTIL, byItsKey);
        vm.assertEq(dataUse.nonces(_study, 1), 0);
    }

    function test_AMemberTakesBackWhatItSigned() public {
        bytes memory joining = sign(accountKeyOf(1), address(dataUse), grantMessage(1, UNTIL, 0));
        vm.expectRevert(abi.encodeWithSelector(IDataUse.NotAccount.selector, accountOf(2), uint16(1)));
        vm.prank(accountOf(2));
        dataUse.voidSignatures(_study, 1);
        vm.prank(accountOf(1));
        dataUse.voidSignatures(_study, 1);
        expectUnsigned();
        dataUse.grantFor(_study, 1, PLAN, DATASET, UNTIL, joining);
    }

    function test_ASuspendedMembersSignatureJoinsNothingAndStillLeaves() public {
        bytes memory joining = sign(accountKeyOf(1), address(dataUse), grantMessage(1, UNTIL, 0));
        dataUse.grantFor(_study, 1, PLAN, DATASET, UNTIL, joining);
        bytes memory another = sign(accountKeyOf(2), address(dataUse), grantMessage(2, UNTIL, 0));
        consortium.suspend(1);
        consortium.suspend(2);
        vm.expectRevert(abi.encodeWithSelector(IDataUse.MemberNotActive.selector, uint16(2)));
        dataUse.grantFor(_study, 2, PLAN, DATASET, UNTIL, another);
        dataUse.revokeFor(_study, 1, sign(accountKeyOf(1), address(dataUse), revokeMessage(1, 1)));
        vm.assertFalse(dataUse.isLive(_study, 1));
    }
}
