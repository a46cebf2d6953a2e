// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Consortium} from "../../src/Consortium.sol";
import {DataUse} from "../../src/DataUse.sol";
import {RoundLedger} from "../../src/RoundLedger.sol";
import {Verdicts} from "../../src/Verdicts.sol";
import {IRoundLedger} from "../../src/interfaces/IRoundLedger.sol";
import {Vm} from "./Vm.sol";

/// @notice A deployed consortium (this contract is its admin) and the short words to act in it.
abstract contract Fixture {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant OPERATOR_KEY = 0xA11CE;
    address internal immutable operator = vm.addr(OPERATOR_KEY);
    address internal constant COORDINATOR = address(0xC0);
    uint256 internal constant SENDER_KEY = 0xC1;
    address internal immutable SENDER = vm.addr(SENDER_KEY);
    bytes32 internal constant PLAN = keccak256("plan");
    bytes32 internal constant MODEL = keccak256("initial model");
    bytes32 internal constant DATASET = keccak256("dataset");
    bytes32 internal constant MANIFEST = keccak256("manifest");
    uint64 internal constant START_TIME = 1_800_000_000;
    uint48 internal constant DELAY = 3 days;
    uint64 internal constant UNTIL = START_TIME + 365 days;

    uint8 internal constant ABSENT = 0;
    uint8 internal constant INCLUDED = 1;
    uint8 internal constant EXCLUDED = 2;
    uint8 internal constant NOT_SELECTED = 3;
    uint8 internal constant COMPLETED = 1;
    uint8 internal constant FAILED = 2;
    uint8 internal constant ABORTED = 3;

    Consortium internal consortium;
    DataUse internal dataUse;
    RoundLedger internal ledger;
    Verdicts internal verdicts;

    function deploy() internal {
        vm.warp(START_TIME);
        consortium = new Consortium(address(this), DELAY);
        IRoundLedger predicted = creationAfter(2);
        dataUse = new DataUse(consortium, predicted);
        verdicts = new Verdicts(consortium, predicted);
        ledger = new RoundLedger(consortium, dataUse, verdicts);
        consortium.grantRole(consortium.OPERATOR_ROLE(), operator);
        consortium.addCoordinator(COORDINATOR);
        vm.prank(COORDINATOR);
        consortium.setKey(SENDER);
    }

    /// @return what this contract will create after so many other creations.
    function creationAfter(uint256 others) internal view returns (IRoundLedger) {
        return IRoundLedger(vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + others));
    }

    function accountKeyOf(uint256 slot) internal pure returns (uint256) {
        return 0x1_0000 + slot;
    }

    function accountOf(uint256 slot) internal pure returns (address) {
        return vm.addr(accountKeyOf(slot));
    }

    function workerKeyOf(uint256 slot) internal pure returns (uint256) {
        return 0x2_0000 + slot;
    }

    function workerOf(uint256 slot) internal pure returns (address) {
        return vm.addr(workerKeyOf(slot));
    }

    function domainOf(address verifier) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Syndic"),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
    }

    /// @return 65 bytes over the EIP-712 message with this struct hash, for this contract.
    function sign(uint256 key, address verifier, bytes32 message) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked(hex"1901", domainOf(verifier), message)));
        return abi.encodePacked(r, s, v);
    }

    /// @notice Admits members up to slot `count`, each with a worker key and one dataset version.
    function admit(uint256 count) internal {
        while (consortium.memberCount() < count) {
            uint16 slot = consortium.admit(accountOf(uint256(consortium.memberCount()) + 1));
            vm.prank(accountOf(slot));
            consortium.setKey(workerOf(slot));
            vm.prank(workerOf(slot));
            dataUse.addVersion(slot, DATASET, keccak256("root"), 1_024);
        }
    }

    function open(uint16 minIncluded) internal returns (bytes32) {
        vm.prank(operator);
        return ledger.openStudy(PLAN, MODEL, COORDINATOR, minIncluded, bytes32(0));
    }

    function grant(bytes32 study, uint256 slot) internal {
        grant(study, slot, UNTIL);
    }

    function grant(bytes32 study, uint256 slot, uint64 until) internal {
        vm.prank(accountOf(slot));
        dataUse.grant(study, uint16(slot), PLAN, DATASET, until);
    }

    function revoke(bytes32 study, uint256 slot) internal {
        vm.prank(accountOf(slot));
        dataUse.revoke(study, uint16(slot));
    }

    function start(bytes32 study) internal {
        vm.prank(SENDER);
        ledger.startStudy(study);
    }

    /// @notice A started study of slots 1 to `members`.
    function running(uint256 members, uint16 minIncluded) internal returns (bytes32 study) {
        admit(members);
        study = open(minIncluded);
        for (uint256 slot = 1; slot <= members; ++slot) {
            grant(study, slot);
        }
        start(study);
    }

    function updateOf(uint256 round, uint256 slot) internal pure returns (bytes32) {
        return keccak256(abi.encode("update", round, slot));
    }

    function modelAfter(uint256 round) internal pure returns (bytes32) {
        return round == 0 ? MODEL : keccak256(abi.encode("model", round));
    }

    function entry(bytes32 update, uint256 samples, uint256 reason, uint256 status, uint256 slot)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encode(update, (samples << 32) | (reason << 24) | (status << 16) | slot);
    }

    function included(uint256 round, uint256 slot, uint256 samples) internal pure returns (bytes memory) {
        return entry(updateOf(round, slot), samples, 0, INCLUDED, slot);
    }

    function absent(uint256 slot) internal pure returns (bytes memory) {
        return entry(0, 0, 1, ABSENT, slot);
    }

    function excluded(uint256 round, uint256 slot, uint256 samples) internal pure returns (bytes memory) {
        return entry(updateOf(round, slot), samples, 2, EXCLUDED, slot);
    }

    /// @notice Entries of slots 1 to `members`, all included with 100 samples and the slot's number more.
    function allIncluded(uint256 round, uint256 members) internal pure returns (bytes memory entries) {
        for (uint256 slot = 1; slot <= members; ++slot) {
            entries = bytes.concat(entries, included(round, slot, 100 + slot));
        }
    }

    function record(bytes32 study, uint32 round, uint8 outcome, bytes32 base, bytes32 global, bytes memory entries)
        internal
    {
        vm.prank(SENDER);
        ledger.recordRound(study, round, outcome, base, global, MANIFEST, entries);
    }

    /// @notice Records a completed round whose base is what `modelAfter` says.
    function complete(bytes32 study, uint32 round, bytes memory entries) internal {
        record(study, round, COMPLETED, modelAfter(round - 1), modelAfter(round), entries);
    }
}
