// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IConsortium} from "./IConsortium.sol";

/// @title Studies and their rounds: what every member's update was, and what became of it.
interface IRoundLedger {
    struct Study {
        address operator;
        address coordinator;
        uint16 minIncluded;
        /// @dev 0 open, 1 completed, 2 failed, 3 aborted
        uint8 outcome;
        bool started;
        uint64 openedAt;
        uint32 lastRound;
        bytes32 plan;
        bytes32 initialModel;
        /// @dev global model of the last record, at first initialModel
        bytes32 model;
        bytes32 head;
    }

    event StudyOpened(
        bytes32 indexed study,
        address indexed operator,
        address indexed coordinator,
        bytes32 plan,
        bytes32 initialModel,
        uint16 minIncluded,
        bytes32 salt,
        bytes32 head
    );
    event StudyStarted(bytes32 indexed study, uint16[] slots, bytes32 head);
    event RoundRecorded(
        bytes32 indexed study,
        uint32 indexed round,
        uint8 outcome,
        bytes32 baseModel,
        bytes32 globalModel,
        bytes32 manifest,
        bytes32 recordHash,
        bytes32 head
    );
    event UpdateRecorded(
        bytes32 indexed study,
        uint32 indexed round,
        uint16 indexed slot,
        uint8 status,
        uint8 reason,
        bytes32 update,
        uint64 samples
    );
    event Noted(bytes32 indexed study, bytes32 indexed kind, bytes32 digest, bytes32 head);
    event StudyClosed(bytes32 indexed study, uint8 outcome, bytes32 head);

    error UnknownStudy(bytes32 study);
    error StudyExists(bytes32 study);
    error StudyIsClosed(bytes32 study);
    error AlreadyStarted(bytes32 study);
    error NotStarted(bytes32 study);
    error NotOperator(address caller);
    error NotCoordinator(address caller);
    error NotDataUse(address caller);
    error MinIncludedTooSmall(uint16 minIncluded);
    error TooFewMembers(uint256 live, uint256 needed);
    error RosterFull();
    error WrongRound(uint32 expected, uint32 given);
    error WrongBase(bytes32 expected, bytes32 given);
    error WrongOutcome(uint8 outcome);
    error EntriesMismatch(uint256 index);
    error EntryMalformed(uint256 index);
    /// @dev no grant, a revoked or expired one, or its member is suspended
    error GrantNotLive(uint16 slot);
    error TooFewIncluded(uint256 included, uint256 needed);
    error ModelChanged();
    error InvalidSignature();
    /// @dev at deployment: a contract given was made for another ledger, or another consortium
    error NamesAnotherLedger(address ledger);
    error NamesAnotherConsortium(address consortium);

    /// @notice Opens a study. By an operator. `coordinator` is a coordinator's account in the Consortium.
    function openStudy(bytes32 plan, bytes32 initialModel, address coordinator, uint16 minIncluded, bytes32 salt)
        external
        returns (bytes32 study);
    /// @notice The same, sent by anyone on an operator's EIP-712 `OpenStudy` signature (65 bytes, or ERC-1271).
    function openStudyFor(
        address operator,
        bytes32 plan,
        bytes32 initialModel,
        address coordinator,
        uint16 minIncluded,
        bytes32 salt,
        bytes calldata signature
    ) external returns (bytes32 study);
    /// @notice Fixes round 1's roster: members whose grants are live now. By the study's coordinator (its current
    /// key) or its operator. At least `minIncluded` live grants.
    function startStudy(bytes32 study) external;
    /// @notice Records a round. By the study's coordinator's current key. `entries`: 64 bytes a slot of the roster,
    /// ascending: `update`, then `samples << 32 | reason << 24 | status << 16 | slot`.
    function recordRound(
        bytes32 study,
        uint32 round,
        uint8 outcome,
        bytes32 baseModel,
        bytes32 globalModel,
        bytes32 manifest,
        bytes calldata entries
    ) external;
    function note(bytes32 study, bytes32 kind, bytes32 digest) external;
    function closeStudy(bytes32 study, uint8 outcome) external;

    /// @notice DataUse tells of consent given and ended; nobody else may.
    function onGranted(bytes32 study, uint16 slot, uint64 until) external;
    function onRevoked(bytes32 study, uint16 slot) external;

    function studyId(address operator, bytes32 plan, bytes32 salt) external view returns (bytes32);
    function study(bytes32 id) external view returns (Study memory);
    /// @notice What others ask of a study, in one read; all zero when there is none.
    function standing(bytes32 study)
        external
        view
        returns (address coordinator, uint16 minIncluded, uint8 outcome, uint32 lastRound);
    /// @notice The members of one group that ever granted the study a dataset: bit i is slot 256 `group` + i.
    function joinedIn(bytes32 study, uint8 group) external view returns (uint256);
    /// @notice How many members ever did.
    function joinedCount(bytes32 study) external view returns (uint256);
    function head(bytes32 study) external view returns (bytes32);
    function recordHash(bytes32 study, uint32 round) external view returns (bytes32);
    /// @notice The slots that the next record must account for, ascending. Before the start: live grants now.
    function roster(bytes32 study) external view returns (uint16[] memory);
    /// @notice Rounds in which the member's update was included, and the sum of its samples over them.
    function totals(bytes32 study, uint16 slot) external view returns (uint32 rounds, uint64 samples);
    function domainSeparator() external view returns (bytes32);
    function consortium() external view returns (IConsortium);
}
