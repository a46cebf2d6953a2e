// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVerdicts} from "../src/interfaces/IVerdicts.sol";
import {Fixture} from "./support/Fixture.sol";
import {Scene} from "./support/Scene.sol";

/// @notice What transactions cost, the 21,000 and the calldata included: every call is a transaction of its own here.
/// Promised limits are asserted; exact figures are committed in `generated/Transactions.json`.
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    Scene private _scene;

    function setUp() public {
        _scene = new Scene();
        (consortium, dataUse, ledger, verdicts) = _scene.contracts();
    }

    /// @dev Of the last call, as a transaction.
    function assertGas(string memory name, uint256 limit) private {
        vm.assertLe(vm.snapshotGasLastCall("Transactions", name), limit, name);
    }

    /// @dev The third record: head, model and totals stand already, as in every later one.
    function recordThird(uint256 members, uint256 step) private {
        bytes32 study = _scene.recorded(members, step, 2);
        complete(study, 3, _scene.mixed(3, 1, members + 1, step));
    }

    function test_RecordOf10() public {
        recordThird(10, 1);
        assertGas("record of 10", 160_000);
    }

    function test_RecordOf100() public {
        recordThird(100, 1);
        assertGas("record of 100", 760_000);
    }

    function test_RecordOf1000() public {
        recordThird(1_000, 1);
        assertGas("record of 1000", 7_000_000);
    }

    function test_RecordOf10ScatteredOver200() public {
        recordThird(10, 20);
        assertGas("record of 10, of 200", 160_000);
    }

    function test_RecordOf100ScatteredOver1000() public {
        recordThird(100, 10);
        assertGas("record of 100, of 1000", 760_000);
    }

    function test_RecordOf1000ScatteredOver3000() public {
        recordThird(1_000, 3);
        assertGas("record of 1000, of 3000", 7_000_000);
    }

    function test_RecordOf1000WithEveryoneIncluded() public {
        bytes32 study = _scene.recorded(1_000, 1, 1);
        complete(study, 2, _scene.all(2, 1, 1_001));
        assertGas("record of 1000, all included", 7_000_000);
    }

    function test_RecordOf100WhileSomeoneIsSuspended() public {
        bytes32 study = _scene.recorded(100, 1, 1);
        _scene.suspend(3);
        complete(study, 2, _scene.mixed(2, 1, 101, 1));
        assertGas("record of 100, one suspended", 760_000);
    }

    function test_RecordOf100AfterSomeoneLeft() public {
        bytes32 study = _scene.recorded(100, 1, 2);
        // The excluded member's: its entry stays what it was.
        revoke(study, 47);
        complete(study, 3, _scene.mixed(3, 1, 101, 1));
        assertGas("record of 100, one leaves", 760_000);
        bytes memory others = bytes.concat(_scene.mixed(4, 1, 47, 1), _scene.mixed(4, 48, 101, 1));
        complete(study, 4, others);
        assertGas("record of 99, one left", 760_000);
    }

    function test_StartAndFirstRecordOf2000() public {
        bytes32 study = _scene.gathered(2_000, 1);
        start(study);
        assertGas("start with 2000", 16_777_216);
        // Whoever left meanwhile is taken off the roster by the same transaction.
        revoke(study, 993);
        complete(study, 1, _scene.mixed(1, 1, 2_001, 1));
        assertGas("first record of 2000", 16_777_216);
    }

    function test_WhatMembersAndOperatorsPay() public {
        _scene.admitUpTo(3);
        vm.prank(accountOf(1));
        dataUse.addVersion(1, DATASET, MANIFEST, 1_024);
        assertGas("addVersion", 70_000);
        bytes32 study = open(2);
        assertGas("openStudy", 200_000);
        grant(study, 1);
        assertGas("grant, first of a study", 280_000);
        grant(study, 2);
        assertGas("grant", 190_000);
        grant(study, 3);
        revoke(study, 3);
        assertGas("revoke", 70_000);
        start(study);
        vm.prank(SENDER);
        ledger.note(study, PLAN, MANIFEST);
        assertGas("note", 60_000);
        vm.prank(SENDER);
        ledger.closeStudy(study, COMPLETED);
        assertGas("closeStudy", 60_000);
    }

    function attestMany(uint16 count, uint256 limit, string memory name) private {
        bytes32 study = _scene.recorded(count + 1, 1, 1);
        bytes32 hash = ledger.recordHash(study, 1);
        // Somebody has attested before.
        vm.prank(workerOf(count + 1));
        verdicts.attest(study, 1, count + 1, hash);
        if (count == 10) assertGas("attest, first of a round", 110_000);
        (bytes memory slots, bytes memory signatures) = _scene.attestations(study, count);
        verdicts.attestMany(study, 1, hash, slots, signatures);
        assertGas(name, limit);
    }

    function test_AttestationsOf10() public {
        attestMany(10, 230_000, "attest, batch of 10");
    }

    function test_AttestationsOf100() public {
        attestMany(100, 1_700_000, "attest, batch of 100");
    }

    function test_AttestationsOf1000() public {
        attestMany(1_000, 16_777_216, "attest, batch of 1000");
    }

    function challenge(uint256 members, uint256 limit, string memory name) private {
        (bytes32 study, bytes memory entries) = _scene.recordedWithout2(members);
        IVerdicts.Receipt memory receipt = IVerdicts.Receipt({
            statement: PLAN,
            study: study,
            round: 1,
            slot: 2,
            baseModel: MODEL,
            update: updateOf(1, 2),
            samples: 102,
            recordBy: START_TIME + 1 days
        });
        bytes32 kind = keccak256(
            "Receipt(bytes32 statement,bytes32 study,uint32 round,uint16 slot,bytes32 baseModel,bytes32 update,uint64 samples,uint64 recordBy)"
        );
        bytes memory signature = sign(SENDER_KEY, address(ledger), keccak256(abi.encode(kind, receipt)));
        IVerdicts.Record memory record = IVerdicts.Record({
            outcome: COMPLETED,
            baseModel: MODEL,
            globalModel: modelAfter(1),
            manifest: MANIFEST,
            timestamp: uint64(block.timestamp)
        });
        verdicts.challengeOmission(receipt, signature, record, entries);
        assertGas(name, limit);
    }

    function test_ChallengeOf10() public {
        challenge(10, 160_000, "challenge, 10 members");
    }

    function test_ChallengeOf100() public {
        challenge(100, 260_000, "challenge, 100 members");
    }

    function test_ChallengeOf1000() public {
        challenge(1_000, 1_300_000, "challenge, 1000 members");
    }

    function test_WhatADisputeCosts() public {
        bytes32 study = _scene.recorded(10, 1, 1);
        bytes32 hash = ledger.recordHash(study, 1);
        vm.prank(workerOf(1));
        verdicts.dispute(study, 1, 1, hash, 3);
        assertGas("dispute", 140_000);
        vm.prank(workerOf(2));
        verdicts.voteToDismiss(study, 1, 1, 2);
        assertGas("vote", 90_000);
        vm.prank(workerOf(1));
        verdicts.withdrawDispute(study, 1, 1);
        assertGas("withdraw", 60_000);
    }

    function test_TheDearestGrantMovesAWholeGroupsLanes() public {
        bytes32 study = _scene.gatheredFrom(2, 255);
        grant(study, 1);
        assertGas("grant, dearest", 500_000);
    }
}
