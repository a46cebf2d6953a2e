// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Consortium} from "../../src/Consortium.sol";
import {DataUse} from "../../src/DataUse.sol";
import {RoundLedger} from "../../src/RoundLedger.sol";
import {Verdicts} from "../../src/Verdicts.sol";
import {Fixture} from "./Fixture.sol";

/// @notice Brings a study to the point where something is to be measured, in one call: where every call is
/// a transaction of its own, thousands of them would take minutes.
contract Scene is Fixture {
    constructor() {
        deploy();
    }

    function contracts() external view returns (Consortium, DataUse, RoundLedger, Verdicts) {
        return (consortium, dataUse, ledger, verdicts);
    }

    /// @notice A study with grants of members 1 to `members`, each with slot `step` times its number.
    function gathered(uint256 members, uint256 step) public returns (bytes32 study) {
        admit(members * step);
        study = open(2);
        for (uint256 i = 1; i <= members; ++i) {
            grant(study, i * step);
        }
    }

    /// @notice The same, started, with `rounds` records like those that `mixed` makes.
    function recorded(uint256 members, uint256 step, uint32 rounds) external returns (bytes32 study) {
        study = gathered(members, step);
        start(study);
        for (uint32 round = 1; round <= rounds; ++round) {
            complete(study, round, mixed(round, 1, members + 1, step));
        }
    }

    function gatheredFrom(uint256 from, uint256 to) external returns (bytes32 study) {
        admit(to);
        study = open(2);
        for (uint256 slot = from; slot <= to; ++slot) {
            grant(study, slot);
        }
    }

    /// @notice A running study whose first record says that member 2 was absent.
    function recordedWithout2(uint256 members) external returns (bytes32 study, bytes memory entries) {
        study = gathered(members, 1);
        start(study);
        entries = bytes.concat(included(1, 1, 101), absent(2), all(1, 3, members + 1));
        complete(study, 1, entries);
    }

    /// @notice Signatures of worker keys 1 to `count` over the record of round 1.
    function attestations(bytes32 study, uint16 count)
        external
        view
        returns (bytes memory slots, bytes memory signatures)
    {
        bytes32 kind = keccak256("Attest(bytes32 study,uint32 round,uint16 slot,bytes32 recordHash)");
        bytes32 hash = ledger.recordHash(study, 1);
        for (uint16 slot = 1; slot <= count; ++slot) {
            slots = bytes.concat(slots, bytes2(slot));
            bytes32 message = keccak256(abi.encode(kind, study, uint32(1), slot, hash));
            signatures = bytes.concat(signatures, sign(workerKeyOf(slot), address(verdicts), message));
        }
    }

    function admitUpTo(uint256 count) external {
        admit(count);
    }

    function suspend(uint16 slot) external {
        consortium.suspend(slot);
    }

    /// @notice Entries of members `from` to `to` - 1. Statuses as in a round that goes well: of ten members eight are
    /// included, one is excluded with its update, one is absent.
    function mixed(uint256 round, uint256 from, uint256 to, uint256 step) public pure returns (bytes memory entries) {
        // Halves are joined, so that a long list is not copied once an entry.
        if (to - from > 16) {
            uint256 middle = (from + to) / 2;
            return bytes.concat(mixed(round, from, middle, step), mixed(round, middle, to, step));
        }
        for (uint256 i = from; i < to; ++i) {
            entries = bytes.concat(entries, one(round, i, i * step));
        }
    }

    /// @notice Entries of slots `from` to `to` - 1, all included.
    function all(uint256 round, uint256 from, uint256 to) public pure returns (bytes memory entries) {
        if (to - from > 16) {
            uint256 middle = (from + to) / 2;
            return bytes.concat(all(round, from, middle), all(round, middle, to));
        }
        for (uint256 slot = from; slot < to; ++slot) {
            entries = bytes.concat(entries, included(round, slot, 20_000 + slot));
        }
    }

    function one(uint256 round, uint256 i, uint256 slot) private pure returns (bytes memory) {
        if (i % 10 == 3) return absent(slot);
        return i % 10 == 7 ? excluded(round, slot, 20_000 + slot) : included(round, slot, 20_000 + slot);
    }
}
