// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";

/// @title The consortium's members, coordinators, keys and roles.
/// @dev Deployed first. A holder is an account that lists keys: a member's or a coordinator's, never both, so that
/// whose key a signature proves is never in doubt.
contract Consortium is IConsortium, AccessControl {
    /// @inheritdoc IConsortium
    bytes32 public constant override OPERATOR_ROLE = keccak256("syndic.operator");
    /// @inheritdoc IConsortium
    bytes32 public constant override AUDITOR_ROLE = keccak256("syndic.auditor");

    /// @dev One word, so that the ledger's question costs one read.
    struct Holder {
        address key;
        uint16 slot;
        bool coordinator;
    }

    /// @dev One word. 48 bits of Unix seconds last for nine million years.
    struct Admission {
        address account;
        uint48 admittedAt;
        uint48 suspendedAt;
    }

    uint16 private _memberCount;
    mapping(uint16 slot => Admission) private _admissions;
    mapping(address account => Holder) private _holders;
    mapping(address key => Key) private _keys;
    mapping(address account => address[]) private _keysOf;

    /// @dev Bit g: some member of `_suspended[g]` is suspended. Almost always zero, and then the ledger asks no more.
    uint256 private _suspendedGroups;
    uint256[256] private _suspended;

    /// @param admin holds DEFAULT_ADMIN_ROLE: admits and suspends members, lists coordinators, grants roles.
    constructor(address admin) {
        if (admin == address(0)) revert ZeroAddress();
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IConsortium
    function admit(address account) external onlyRole(DEFAULT_ADMIN_ROLE) returns (uint16 slot) {
        _requireNew(account);
        if (_memberCount == type(uint16).max) revert TooManyMembers();
        slot = ++_memberCount;
        _admissions[slot] = Admission({account: account, admittedAt: uint48(block.timestamp), suspendedAt: 0});
        _holders[account].slot = slot;
        emit MemberAdmitted(slot, account);
    }

    /// @inheritdoc IConsortium
    function suspend(uint16 slot) external onlyRole(DEFAULT_ADMIN_ROLE) {
        Admission storage admission = _admission(slot);
        if (admission.suspendedAt != 0) revert AlreadySuspended(slot);
        admission.suspendedAt = uint48(block.timestamp);
        uint256 group = slot >> 8;
        _suspended[group] |= 1 << (slot & 0xff);
        _suspendedGroups |= 1 << group;
        emit MemberSuspended(slot);
    }

    /// @inheritdoc IConsortium
    function reinstate(uint16 slot) external onlyRole(DEFAULT_ADMIN_ROLE) {
        Admission storage admission = _admission(slot);
        if (admission.suspendedAt == 0) revert NotSuspended(slot);
        admission.suspendedAt = 0;
        uint256 group = slot >> 8;
        uint256 left = _suspended[group] & ~(1 << (slot & 0xff));
        _suspended[group] = left;
        if (left == 0) _suspendedGroups &= ~(1 << group);
        emit MemberReinstated(slot);
    }

    /// @inheritdoc IConsortium
    function addCoordinator(address account) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _requireNew(account);
        _holders[account].coordinator = true;
        emit CoordinatorAdded(account);
    }

    /// @inheritdoc IConsortium
    /// @dev Ends its current key with it; listed again, it lists a new one.
    function removeCoordinator(address account) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (!_holders[account].coordinator) revert UnknownCoordinator(account);
        _endCurrentKey(account);
        delete _holders[account];
        emit CoordinatorRemoved(account);
    }

    /// @inheritdoc IConsortium
    function setKey(address key) external {
        if (key == address(0)) revert ZeroAddress();
        Holder memory holder = _holders[msg.sender];
        if (holder.slot == 0 && !holder.coordinator) revert UnknownCoordinator(msg.sender);
        if (_keys[key].owner != address(0)) revert KeyAlreadyListed(key);
        _endCurrentKey(msg.sender);
        _keys[key] = Key({
            slot: holder.slot, owner: msg.sender, validFrom: uint64(block.timestamp), validTo: 0, compromised: false
        });
        _keysOf[msg.sender].push(key);
        _holders[msg.sender].key = key;
        emit KeyListed(msg.sender, key, holder.slot);
    }

    /// @inheritdoc IConsortium
    /// @dev A key that ended before can still be found compromised: its end stays, the mark is added.
    function revokeKey(address key, bool compromised) external {
        Key storage listed = _keys[key];
        if (listed.owner != msg.sender) revert NotOwner(msg.sender, listed.owner);
        if (listed.validTo == 0) {
            _endCurrentKey(msg.sender);
        } else if (!compromised || listed.compromised) {
            revert KeyNotLive(key);
        }
        listed.compromised = compromised;
        emit KeyRevoked(msg.sender, key, compromised);
    }

    /// @inheritdoc IConsortium
    function memberCount() external view returns (uint16) {
        return _memberCount;
    }

    /// @inheritdoc IConsortium
    function member(uint16 slot) external view returns (Member memory) {
        Admission memory admission = _admission(slot);
        return Member({
            account: admission.account,
            key: _holders[admission.account].key,
            admittedAt: admission.admittedAt,
            suspendedAt: admission.suspendedAt
        });
    }

    /// @inheritdoc IConsortium
    function slotOf(address account) external view returns (uint16) {
        return _holders[account].slot;
    }

    /// @inheritdoc IConsortium
    function keyOf(address account) external view returns (address) {
        return _holders[account].key;
    }

    /// @inheritdoc IConsortium
    function keyInfo(address key) external view returns (Key memory) {
        return _keys[key];
    }

    /// @inheritdoc IConsortium
    function keysOf(address account) external view returns (address[] memory) {
        return _keysOf[account];
    }

    /// @inheritdoc IConsortium
    function isActive(uint16 slot) external view returns (bool) {
        Admission memory admission = _admissions[slot];
        return admission.account != address(0) && admission.suspendedAt == 0;
    }

    /// @inheritdoc IConsortium
    function isCoordinator(address account) external view returns (bool) {
        return _holders[account].coordinator;
    }

    /// @inheritdoc IConsortium
    function coordination(address coordinator) external view returns (address key, uint256 suspendedGroups) {
        Holder memory holder = _holders[coordinator];
        return (holder.coordinator ? holder.key : address(0), _suspendedGroups);
    }

    /// @inheritdoc IConsortium
    function suspendedIn(uint8 group) external view returns (uint256) {
        return _suspended[group];
    }

    function _requireNew(address account) private view {
        if (account == address(0)) revert ZeroAddress();
        Holder memory holder = _holders[account];
        if (holder.slot != 0) revert AccountAlreadyMember(account);
        if (holder.coordinator) revert AlreadyCoordinator(account);
    }

    function _endCurrentKey(address account) private {
        address key = _holders[account].key;
        if (key == address(0)) return;
        _keys[key].validTo = uint64(block.timestamp);
        delete _holders[account].key;
    }

    function _admission(uint16 slot) private view returns (Admission storage admission) {
        admission = _admissions[slot];
        if (admission.account == address(0)) revert UnknownSlot(slot);
    }
}
