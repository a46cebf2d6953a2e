// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Fixture} from "./support/Fixture.sol";

/// @notice What transactions cost, the 21,000 and the calldata included: every call is a transaction of its own here.
/// Promised limits are asserted; exact figures are committed in `generated/Transactions.json`.
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    function setUp() public {
        deploy();
    }

    /// @notice Entries of members `from` to `to` - 1, of which each has slot `step` times its number. Statuses as in a
    /// round that goes well: of ten members eight are included, one is excluded with its update, one is absent.
    function mixed(uint256 round, uint256 from, uint256 to, uint256 step) private pure returns (bytes memory entries) {
        // Halves are joined, so that a long list is not copied once an entry.
        if (to - from > 16) {
            uint256 middle = (from + to) / 2;
            return bytes.concat(mixed(round, from, middle, step), mixed(round, middle, to, step));
        }
        for (uint256 i = from; i < to; ++i) {
            entries = bytes.concat(entries, one(round, i, i * step));
        }
    }

    function one(uint256 round, uint256 i, uint256 slot) private pure returns (bytes memory) {
        if (i % 10 == 3) return absent(slot);
        return i % 10 == 7 ? excluded(round, slot, 20_000 + slot) : included(round, slot, 20_000 + slot);
    }

    /// @dev Of the last call, as a transaction.
    function assertGas(string memory name, uint256 limit) private {
        vm.assertLe(vm.snapshotGasLastCall("Transactions", name), limit, name);
    }

    /// @dev The third record: head, model and totals stand already, as in every later one.
    function recordThree(uint256 members, uint256 step) private {
        admit(members * step);
        bytes32 study = open(2);
        for (uint256 i = 1; i <= members; ++i) {
            grant(study, i * step);
        }
        start(study);
        for (uint32 round = 1; round <= 3; ++round) {
            complete(study, round, mixed(round, 1, members + 1, step));
        }
    }

    function test_RecordOf10() public {
        recordThree(10, 1);
        assertGas("record of 10", 160_000);
    }

    function test_RecordOf100() public {
        recordThree(100, 1);
        assertGas("record of 100", 760_000);
    }

    function test_RecordOf1000() public {
        recordThree(1_000, 1);
        assertGas("record of 1000", 7_000_000);
    }

    function test_RecordOf10ScatteredOver200() public {
        recordThree(10, 20);
        assertGas("record of 10, of 200", 160_000);
    }

    function test_RecordOf100ScatteredOver1000() public {
        recordThree(100, 10);
        assertGas("record of 100, of 1000", 760_000);
    }

    function test_RecordOf1000ScatteredOver3000() public {
        recordThree(1_000, 3);
        assertGas("record of 1000, of 3000", 7_000_000);
    }

    function test_RecordOf1000WithEveryoneIncluded() public {
        bytes32 study = running(1_000, 2);
        bytes memory entries = mixed(1, 1, 1_001, 1);
        complete(study, 1, entries);
        for (uint256 slot = 1; slot <= 1_000; ++slot) {
            if (slot % 10 != 3 && slot % 10 != 7) continue;
            bytes memory instead = included(2, slot, 20_000 + slot);
            for (uint256 i; i < 64; ++i) {
                entries[64 * (slot - 1) + i] = instead[i];
            }
        }
        complete(study, 2, entries);
        assertGas("record of 1000, all included", 7_000_000);
    }

    function test_RecordOf100WhileSomeoneIsSuspended() public {
        bytes32 study = running(100, 2);
        complete(study, 1, mixed(1, 1, 101, 1));
        consortium.suspend(3);
        complete(study, 2, mixed(2, 1, 101, 1));
        assertGas("record of 100, one suspended", 760_000);
    }

    function test_FirstRecordOf2000() public {
        bytes32 study = running(2_000, 2);
        assertGas("start with 2000", 16_777_216);
        // Whoever left meanwhile is taken off the roster by the same transaction.
        revoke(study, 993);
        complete(study, 1, mixed(1, 1, 2_001, 1));
        assertGas("first record of 2000", 16_777_216);
    }

    function test_WhatMembersAndOperatorsPay() public {
        admit(3);
        vm.prank(accountOf(1));
        dataUse.addVersion(1, DATASET, MANIFEST, 1_024);
        assertGas("addVersion", 70_000);
        bytes32 study = open(2);
        assertGas("openStudy", 200_000);
        grant(study, 1);
        assertGas("grant, first of a study", 260_000);
        grant(study, 2);
        assertGas("grant", 190_000);
        grant(study, 3);
        revoke(study, 3);
        assertGas("revoke", 120_000);
        start(study);
        vm.prank(SENDER);
        ledger.note(study, PLAN, MANIFEST);
        assertGas("note", 60_000);
        vm.prank(SENDER);
        ledger.closeStudy(study, COMPLETED);
        assertGas("closeStudy", 60_000);
    }

    function test_TheDearestGrantMovesAWholeGroupsLanes() public {
        admit(255);
        bytes32 study = open(2);
        for (uint256 slot = 2; slot <= 255; ++slot) {
            grant(study, slot);
        }
        grant(study, 1);
        assertGas("grant, dearest", 800_000);
    }
}
