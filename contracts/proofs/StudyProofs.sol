// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Studies} from "./Studies.sol";

/// @title What solc's model checker proves of any study, whatever is called in whatever order.
/// @dev `contracts/proofs.ts` weaves `src/lib/Studies.sol` into the contract that these extend: its functions move the one
/// `progress` there is. Each function below is the ledger's of that name: its guards, then the same transition. Every
/// assert must be proved, except those of `reaches`, every one of which must be refuted: so nothing is proved of nothing.
contract RoundsProof is Studies {
    bytes32 private _model;

    constructor(uint16 minIncluded, bytes32 initialModel) {
        require(minIncluded >= 2);
        progress.minIncluded = minIncluded;
        _model = initialModel;
    }

    function startStudy(uint16 members) external {
        require(progress.outcome == 0);
        require(progress.phase == Phase.Gathering);
        uint32 last = progress.lastRound;
        afterStart(members);
        // A study starts once, with its quorum at least, and no round is counted by it.
        assert(progress.phase != Phase.Gathering);
        assert(progress.rosterSize >= progress.minIncluded);
        assert(progress.lastRound == last);
    }

    function recordRound(uint32 round, uint8 outcome, bytes32 baseModel, bytes32 globalModel, uint256 included) external {
        require(progress.outcome == 0);
        require(progress.phase != Phase.Gathering);
        requireNext(round, outcome);
        require(baseModel == _model);
        requireEarned(outcome, included, baseModel, globalModel);
        if (globalModel != baseModel) _model = globalModel;
        uint32 last = progress.lastRound;
        afterRound();
        // Rounds are numbered without a gap.
        assert(progress.lastRound == round && round - 1 == last);
        assert(outcome >= COMPLETED && outcome <= ABORTED);
        // A model changes by a completed round alone, which has its quorum.
        assert(outcome == COMPLETED || (included == 0 && globalModel == baseModel));
        assert(outcome != COMPLETED || included >= progress.minIncluded);
    }

    function closeStudy(uint8 outcome) external {
        require(progress.outcome == 0);
        requireOutcome(outcome);
        progress.outcome = outcome;
    }

    function onGranted() external {
        require(progress.outcome == 0);
        uint32 last = progress.lastRound;
        uint16 size = progress.rosterSize;
        afterJoin();
        assert(progress.lastRound == last && progress.rosterSize == size);
    }

    function onRevoked() external {
        require(progress.joined != 0);
        uint32 last = progress.lastRound;
        uint16 size = progress.rosterSize;
        afterLeave();
        assert(progress.lastRound == last && progress.rosterSize == size);
    }

    function holds() external view {
        assert(progress.minIncluded >= 2);
        assert(progress.outcome <= ABORTED);
        assert(progress.phase != Phase.Gathering || progress.lastRound == 0);
    }

    function reaches() external view {
        assert(progress.lastRound < 2);
        assert(progress.outcome != ABORTED);
        assert(progress.phase != Phase.Changing);
    }
}

contract RosterProof is Studies {
    constructor(uint16 minIncluded) {
        require(minIncluded >= 2);
        progress.minIncluded = minIncluded;
    }

    function startStudy(uint16 members) external {
        require(progress.phase == Phase.Gathering);
        // `Rosters.list` gives no more slots than it is asked for.
        require(members <= progress.joined);
        afterStart(members);
        _renewed();
    }

    function recordRound() external {
        require(progress.phase != Phase.Gathering);
        afterRound();
        _renewed();
    }

    function onGranted() external {
        afterJoin();
    }

    function onRevoked() external {
        // `Rosters.leave` found the slot among those who had joined.
        require(progress.joined != 0);
        afterLeave();
    }

    function holds() external view {
        assert(progress.joined <= MAX_ROSTER);
        // Who joins or leaves counts from the round after the open one.
        assert(progress.phase != Phase.Running || progress.rosterSize == progress.joined);
        assert(progress.phase != Phase.Gathering || progress.rosterSize == 0);
    }

    /// @dev So a roster is never larger than who had joined then may be: nothing else changes it, which is proved of
    /// `RoundsProof.onGranted` and `onRevoked`.
    function _renewed() private view {
        assert(progress.rosterSize == progress.joined);
    }

    function reaches() external view {
        assert(progress.joined < 2);
        assert(progress.rosterSize < 2);
        assert(progress.rosterSize <= progress.joined);
        assert(progress.phase != Phase.Changing);
    }
}
