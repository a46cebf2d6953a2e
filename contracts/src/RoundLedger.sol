// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {DataUse} from "./DataUse.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";
import {IRoundLedger} from "./interfaces/IRoundLedger.sol";
import {Entries} from "./lib/Entries.sol";
import {Heads} from "./lib/Heads.sol";
import {Lanes} from "./lib/Lanes.sol";
import {Rosters} from "./lib/Rosters.sol";
import {Studies} from "./lib/Studies.sol";
import {Verdicts} from "./Verdicts.sol";

/// @title Studies and their rounds.
/// @dev Deployed last. Nothing here can be changed once recorded, by anyone: there is no owner and no upgrade.
contract RoundLedger is IRoundLedger, EIP712, Multicall {
    using Heads for bytes32;
    using Lanes for Lanes.Table;
    using Rosters for Rosters.Roster;
    using Studies for Studies.Progress;

    IConsortium public immutable consortium;
    DataUse public immutable dataUse;
    Verdicts public immutable verdicts;
    /// @dev Asked once, at deployment: the constant of a contract that cannot change.
    bytes32 private immutable _operatorRole;

    bytes32 private constant OPEN_STUDY =
        keccak256("OpenStudy(bytes32 plan,bytes32 initialModel,address coordinator,uint16 minIncluded,bytes32 salt)");

    mapping(bytes32 study => Studies.Progress) private _progress;
    mapping(bytes32 study => Studies.Opening) private _openings;
    mapping(bytes32 study => bytes32) private _heads;
    mapping(bytes32 study => bytes32) private _models;
    mapping(bytes32 study => mapping(uint32 round => bytes32)) private _recordHashes;
    mapping(bytes32 study => Rosters.Roster) private _rosters;
    mapping(bytes32 study => Lanes.Table) private _lanes;

    /// @param consortium_ whose members, coordinators and operators these are.
    /// @param dataUse_ which was deployed with this contract's address, two creations before this one.
    /// @param verdicts_ the same, right before this one.
    constructor(IConsortium consortium_, DataUse dataUse_, Verdicts verdicts_) EIP712("Syndic", "1") {
        _requireNamed(consortium_, dataUse_.consortium(), dataUse_.ledger());
        _requireNamed(consortium_, verdicts_.consortium(), verdicts_.ledger());
        consortium = consortium_;
        dataUse = dataUse_;
        verdicts = verdicts_;
        _operatorRole = consortium_.OPERATOR_ROLE();
    }

    /// @inheritdoc IRoundLedger
    function openStudy(bytes32 plan, bytes32 initialModel, address coordinator, uint16 minIncluded, bytes32 salt)
        external
        returns (bytes32 id)
    {
        return _openStudy(msg.sender, plan, initialModel, coordinator, minIncluded, salt);
    }

    /// @inheritdoc IRoundLedger
    /// @dev Needs no nonce: the study's id follows from what was signed, and an id is used once.
    function openStudyFor(
        address operator,
        bytes32 plan,
        bytes32 initialModel,
        address coordinator,
        uint16 minIncluded,
        bytes32 salt,
        bytes calldata signature
    ) external returns (bytes32 id) {
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(OPEN_STUDY, plan, initialModel, coordinator, minIncluded, salt))
        );
        if (!SignatureChecker.isValidSignatureNow(operator, digest, signature)) revert InvalidSignature();
        return _openStudy(operator, plan, initialModel, coordinator, minIncluded, salt);
    }

    /// @inheritdoc IRoundLedger
    /// @dev Whoever is suspended stays on the roster, to be counted again when reinstated.
    function startStudy(bytes32 id) external {
        Studies.Progress memory progress = _openProgress(id);
        if (progress.phase != Studies.Phase.Gathering) revert AlreadyStarted(id);
        if (msg.sender != _openings[id].operator || !_isOperator(msg.sender)) {
            _requireCoordinator(progress.coordinator);
        }
        _rosters[id].settle(_lanes[id]);
        uint16[] memory slots = _rosters[id].list(_lanes[id], false, progress.joined);
        _progress[id] = progress.afterStart(uint16(slots.length));
        bytes32 newHead = _extend(id, Heads.started(id, Rosters.pack(slots)));
        emit StudyStarted(id, slots, newHead);
    }

    /// @inheritdoc IRoundLedger
    function recordRound(
        bytes32 id,
        uint32 round,
        uint8 outcome,
        bytes32 baseModel,
        bytes32 globalModel,
        bytes32 manifest,
        bytes calldata entries
    ) external {
        Studies.Progress memory progress = _openProgress(id);
        if (progress.phase == Studies.Phase.Gathering) revert NotStarted(id);
        uint256 suspendedGroups = _requireCoordinator(progress.coordinator);
        progress.requireNext(round, outcome);
        if (baseModel != _models[id]) revert WrongBase(_models[id], baseModel);
        if (entries.length != progress.rosterSize * Entries.BYTES) {
            revert EntriesMismatch(entries.length / Entries.BYTES);
        }

        uint256 included = _recordEntries(id, round, entries, suspendedGroups);
        progress.requireEarned(outcome, included, baseModel, globalModel);
        if (globalModel != baseModel) _models[id] = globalModel;
        if (progress.phase == Studies.Phase.Changing) _rosters[id].renew();
        _progress[id] = progress.afterRound();

        bytes32 hash = Heads.recorded(id, round, outcome, baseModel, globalModel, manifest, keccak256(entries));
        _recordHashes[id][round] = hash;
        bytes32 newHead = _extend(id, hash);
        emit RoundRecorded(id, round, outcome, baseModel, globalModel, manifest, hash, newHead);
    }

    /// @inheritdoc IRoundLedger
    function note(bytes32 id, bytes32 kind, bytes32 digest) external {
        _requireCoordinator(_openProgress(id).coordinator);
        bytes32 newHead = _extend(id, Heads.noted(id, kind, digest));
        emit Noted(id, kind, digest, newHead);
    }

    /// @inheritdoc IRoundLedger
    function closeStudy(bytes32 id, uint8 outcome) external {
        _requireCoordinator(_openProgress(id).coordinator);
        Studies.requireOutcome(outcome);
        _progress[id].outcome = outcome;
        bytes32 newHead = _extend(id, Heads.closed(id, outcome));
        emit StudyClosed(id, outcome, newHead);
    }

    /// @inheritdoc IRoundLedger
    function onGranted(bytes32 id, uint16 slot, uint64 until) external {
        if (msg.sender != address(dataUse)) revert NotDataUse(msg.sender);
        Studies.Progress memory progress = _openProgress(id);
        _lanes[id].setUntil(slot, until);
        if (!_rosters[id].join(slot)) return;
        _progress[id] = progress.afterJoin();
    }

    /// @inheritdoc IRoundLedger
    /// @dev Closed or not: consent can always be withdrawn.
    function onRevoked(bytes32 id, uint16 slot) external {
        if (msg.sender != address(dataUse)) revert NotDataUse(msg.sender);
        _lanes[id].setUntil(slot, 0);
        if (!_rosters[id].leave(slot)) return;
        _progress[id] = _progress[id].afterLeave();
    }

    /// @inheritdoc IRoundLedger
    function studyId(address operator, bytes32 plan, bytes32 salt) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), operator, plan, salt));
    }

    /// @inheritdoc IRoundLedger
    function study(bytes32 id) external view returns (Study memory) {
        Studies.Progress memory progress = _progress[id];
        Studies.Opening memory opening = _openings[id];
        return Study({
            operator: opening.operator,
            coordinator: progress.coordinator,
            minIncluded: progress.minIncluded,
            outcome: progress.outcome,
            started: progress.phase != Studies.Phase.Gathering,
            openedAt: opening.openedAt,
            lastRound: progress.lastRound,
            plan: opening.plan,
            initialModel: opening.initialModel,
            model: _models[id],
            head: _heads[id]
        });
    }

    /// @inheritdoc IRoundLedger
    function standing(bytes32 id)
        external
        view
        returns (address coordinator, uint16 minIncluded, uint8 outcome, uint32 lastRound)
    {
        Studies.Progress memory progress = _progress[id];
        return (progress.coordinator, progress.minIncluded, progress.outcome, progress.lastRound);
    }

    /// @inheritdoc IRoundLedger
    function joinedIn(bytes32 id, uint8 group) external view returns (uint256) {
        return _lanes[id].holders[group];
    }

    /// @inheritdoc IRoundLedger
    function joinedCount(bytes32 id) external view returns (uint256) {
        return _lanes[id].holderCount(_rosters[id].groups);
    }

    /// @inheritdoc IRoundLedger
    function head(bytes32 id) external view returns (bytes32) {
        return _heads[id];
    }

    /// @inheritdoc IRoundLedger
    function recordHash(bytes32 id, uint32 round) external view returns (bytes32) {
        return _recordHashes[id][round];
    }

    /// @inheritdoc IRoundLedger
    function roster(bytes32 id) external view returns (uint16[] memory) {
        Studies.Progress memory progress = _progress[id];
        bool gathering = progress.phase == Studies.Phase.Gathering;
        return _rosters[id].list(_lanes[id], gathering, gathering ? progress.joined : progress.rosterSize);
    }

    /// @inheritdoc IRoundLedger
    function totals(bytes32 id, uint16 slot) external view returns (uint32 rounds, uint64 samples) {
        (uint256 sumOfRounds, uint256 sumOfSamples) = _lanes[id].totals(slot);
        return (SafeCast.toUint32(sumOfRounds), SafeCast.toUint64(sumOfSamples));
    }

    /// @inheritdoc IRoundLedger
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _openStudy(
        address operator,
        bytes32 plan,
        bytes32 initialModel,
        address coordinator,
        uint16 minIncluded,
        bytes32 salt
    ) private returns (bytes32 id) {
        if (!_isOperator(operator)) revert NotOperator(operator);
        if (!consortium.isCoordinator(coordinator)) revert IConsortium.UnknownCoordinator(coordinator);
        if (minIncluded < 2) revert MinIncludedTooSmall(minIncluded);
        id = studyId(operator, plan, salt);
        if (_progress[id].coordinator != address(0)) revert StudyExists(id);
        _progress[id].coordinator = coordinator;
        _progress[id].minIncluded = minIncluded;
        _openings[id] = Studies.Opening({
            operator: operator, openedAt: uint64(block.timestamp), plan: plan, initialModel: initialModel
        });
        _models[id] = initialModel;
        _heads[id] = Heads.opened(id, plan, initialModel);
        emit StudyOpened(id, operator, coordinator, plan, initialModel, minIncluded, salt, _heads[id]);
    }

    function _recordEntries(bytes32 id, uint32 round, bytes calldata entries, uint256 suspendedGroups)
        private
        returns (uint256 included)
    {
        Entries.Walk memory walk;
        (walk.study, walk.round, walk.suspendedGroups) = (id, round, suspendedGroups);
        return Entries.record(walk, entries, _rosters[id], _lanes[id], consortium);
    }

    function _extend(bytes32 id, bytes32 link) private returns (bytes32 newHead) {
        newHead = _heads[id].extend(link);
        _heads[id] = newHead;
    }

    /// @return progress of a study that exists and is not closed.
    function _openProgress(bytes32 id) private view returns (Studies.Progress memory progress) {
        progress = _progress[id];
        if (progress.coordinator == address(0)) revert UnknownStudy(id);
        if (progress.outcome != 0) revert StudyIsClosed(id);
    }

    /// @return suspendedGroups the answer's other half, which a record needs.
    function _requireCoordinator(address coordinator) private view returns (uint256 suspendedGroups) {
        address key;
        (key, suspendedGroups) = consortium.coordination(coordinator);
        // A coordinator without a key is answered with zero, which sends nothing.
        if (msg.sender != key) revert NotCoordinator(msg.sender);
    }

    /// @dev What was deployed before names this ledger and its consortium.
    function _requireNamed(IConsortium mine, IConsortium named, IRoundLedger ledger) private view {
        if (address(ledger) != address(this)) revert NamesAnotherLedger(address(ledger));
        if (address(named) != address(mine)) revert NamesAnotherConsortium(address(named));
    }

    function _isOperator(address account) private view returns (bool) {
        return IAccessControl(address(consortium)).hasRole(_operatorRole, account);
    }
}
