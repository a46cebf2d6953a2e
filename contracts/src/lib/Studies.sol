// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRoundLedger} from "../interfaces/IRoundLedger.sol";

/// @title What the ledger keeps of a study besides its head, model, roster and totals, and how that moves.
library Studies {
    /// @dev Gathering until the start; Changing while grants or revocations wait to count from the round after.
    enum Phase {
        Gathering,
        Running,
        Changing
    }

    /// @dev What a record reads and changes of its study besides head and model: exactly one word.
    struct Progress {
        address coordinator;
        uint16 minIncluded;
        uint8 outcome;
        Phase phase;
        uint32 lastRound;
        uint16 rosterSize;
        uint16 joined;
    }

    /// @dev What never changes once the study is open.
    struct Opening {
        address operator;
        uint64 openedAt;
        bytes32 plan;
        bytes32 initialModel;
    }

    uint256 internal constant MAX_ROSTER = 2_000;

    uint8 internal constant COMPLETED = 1;
    uint8 internal constant ABORTED = 3;

    /// @param outcome of a round or of a study.
    function requireOutcome(uint8 outcome) internal pure {
        if (outcome < COMPLETED || outcome > ABORTED) revert IRoundLedger.WrongOutcome(outcome);
    }

    /// @notice Refuses a round that is not the next, or says an outcome that there is not.
    function requireNext(Progress memory progress, uint32 round, uint8 outcome) internal pure {
        requireOutcome(outcome);
        if (round != progress.lastRound + 1) revert IRoundLedger.WrongRound(progress.lastRound + 1, round);
    }

    /// @notice Refuses a completed round without its quorum, and any other with included members or another model.
    function requireEarned(
        Progress memory progress,
        uint8 outcome,
        uint256 included,
        bytes32 baseModel,
        bytes32 globalModel
    ) internal pure {
        if (outcome == COMPLETED) {
            if (included < progress.minIncluded) {
                revert IRoundLedger.TooFewIncluded(included, progress.minIncluded);
            }
        } else {
            if (included != 0) revert IRoundLedger.WrongOutcome(outcome);
            if (globalModel != baseModel) revert IRoundLedger.ModelChanged();
        }
    }

    /// @param members how many there are on the roster of round 1: at most those who joined.
    function afterStart(Progress memory progress, uint16 members) internal pure returns (Progress memory) {
        if (members < progress.minIncluded) revert IRoundLedger.TooFewMembers(members, progress.minIncluded);
        progress.phase = Phase.Running;
        progress.joined = progress.rosterSize = members;
        return progress;
    }

    /// @notice The roster of the round after are those who joined by now.
    function afterRound(Progress memory progress) internal pure returns (Progress memory) {
        ++progress.lastRound;
        if (progress.phase == Phase.Changing) {
            progress.rosterSize = progress.joined;
            progress.phase = Phase.Running;
        }
        return progress;
    }

    /// @notice One member more has joined; the roster follows after the open round.
    function afterJoin(Progress memory progress) internal pure returns (Progress memory) {
        if (progress.joined >= MAX_ROSTER) revert IRoundLedger.RosterFull();
        ++progress.joined;
        if (progress.phase == Phase.Running) progress.phase = Phase.Changing;
        return progress;
    }

    /// @notice One who had joined has left; the roster follows after the open round.
    function afterLeave(Progress memory progress) internal pure returns (Progress memory) {
        --progress.joined;
        if (progress.phase == Phase.Running) progress.phase = Phase.Changing;
        return progress;
    }
}
