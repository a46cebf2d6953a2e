// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What the ledger keeps of a study besides its head, model, roster and totals.
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

    /// @return the progress with another number of members who have joined; the roster follows after the open round.
    function withJoined(Progress memory progress, uint16 joined) internal pure returns (Progress memory) {
        progress.joined = joined;
        if (progress.phase == Phase.Running) progress.phase = Phase.Changing;
        return progress;
    }
}
