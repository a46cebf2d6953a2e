// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The hash chain over a study: what each event on it hashes to, and how the head takes it in.
/// @notice A verifier recomputes these from events alone. The time stands inside each hash, because an offline proof
/// shows storage, not events.
library Heads {
    bytes32 private constant STUDY = keccak256("syndic.study.v1");
    bytes32 private constant START = keccak256("syndic.start.v1");
    bytes32 private constant ROUND = keccak256("syndic.round.v1");
    bytes32 private constant NOTE = keccak256("syndic.note.v1");
    bytes32 private constant CLOSE = keccak256("syndic.close.v1");

    /// @notice The head of a study that has just been opened on the calling ledger.
    function opened(bytes32 study, bytes32 plan, bytes32 initialModel) internal view returns (bytes32) {
        return keccak256(abi.encode(STUDY, block.chainid, address(this), study, plan, initialModel));
    }

    /// @param slots the roster of round 1, each slot as two big-endian bytes, ascending.
    function started(bytes32 study, bytes memory slots) internal view returns (bytes32) {
        return keccak256(abi.encode(START, study, keccak256(slots), uint64(block.timestamp)));
    }

    function recorded(
        bytes32 study,
        uint32 round,
        uint8 outcome,
        bytes32 baseModel,
        bytes32 globalModel,
        bytes32 manifest,
        bytes32 entriesHash
    ) internal view returns (bytes32) {
        return recordedAt(study, round, outcome, baseModel, globalModel, manifest, uint64(block.timestamp), entriesHash);
    }

    /// @notice The same for a record that was made before.
    function recordedAt(
        bytes32 study,
        uint32 round,
        uint8 outcome,
        bytes32 baseModel,
        bytes32 globalModel,
        bytes32 manifest,
        uint64 timestamp,
        bytes32 entriesHash
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(ROUND, study, round, outcome, baseModel, globalModel, manifest, timestamp, entriesHash)
        );
    }

    function noted(bytes32 study, bytes32 kind, bytes32 digest) internal view returns (bytes32) {
        return keccak256(abi.encode(NOTE, study, kind, digest, uint64(block.timestamp)));
    }

    function closed(bytes32 study, uint8 outcome) internal view returns (bytes32) {
        return keccak256(abi.encode(CLOSE, study, outcome, uint64(block.timestamp)));
    }

    function extend(bytes32 head, bytes32 link) internal pure returns (bytes32) {
        return keccak256(abi.encode(head, link));
    }
}
