// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";

/// @title The consortium's members, coordinators, keys and roles.
/// @dev Deployed first. A holder is an account that lists keys: a member's or a coordinator's, never both, so that
/// whose key a signature proves is never in doubt.
contract Consortium is IConsortium, AccessControlDefaultAdminRules, EIP712, Nonces {
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

    /// @dev One word.
    struct Recovery {
        address account;
        uint48 readyAt;
    }

    bytes32 private constant SET_KEY = keccak256("SetKey(address account,address key,uint256 nonce)");
    bytes32 private constant REVOKE_KEY =
        keccak256("RevokeKey(address account,address key,bool compromised,uint256 nonce)");
    bytes32 private constant SET_PROFILE = keccak256("SetProfile(address account,bytes32 profile,uint256 nonce)");
    bytes32 private constant CANCEL_RECOVERY =
        keccak256("CancelRecovery(address account,address recovered,uint256 nonce)");

    /// @inheritdoc IConsortium
    uint48 public immutable override recoveryDelay;

    uint16 private _memberCount;
    mapping(uint16 slot => Admission) private _admissions;
    mapping(address account => Holder) private _holders;
    mapping(address key => Key) private _keys;
    mapping(address account => address[]) private _keysOf;
    mapping(uint16 slot => Recovery) private _recoveries;
    mapping(uint16 slot => bytes32) private _profiles;

    /// @dev Bit g: some member of `_suspended[g]` is suspended. Almost always zero, and then the ledger asks no more.
    uint256 private _suspendedGroups;
    uint256[256] private _suspended;

    /// @param admin holds DEFAULT_ADMIN_ROLE: admits and suspends members, lists coordinators, grants roles. One at
    /// a time; it hands over in two steps, the second after the delay (OpenZeppelin AccessControlDefaultAdminRules).
    /// @param delay seconds before another admin, or a recovered account, counts.
    constructor(address admin, uint48 delay) AccessControlDefaultAdminRules(delay, admin) EIP712("Syndic", "1") {
        recoveryDelay = delay;
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
        _useNonce(msg.sender);
        _setKey(msg.sender, key);
    }

    /// @inheritdoc IConsortium
    function setKeyFor(address account, address key, bytes calldata signature) external {
        _requireSigned(account, keccak256(abi.encode(SET_KEY, account, key, _useNonce(account))), signature);
        _setKey(account, key);
    }

    /// @inheritdoc IConsortium
    /// @dev A key that ended before can still be found compromised: its end stays, the mark is added.
    function revokeKey(address key, bool compromised) external {
        _useNonce(msg.sender);
        _revokeKey(msg.sender, key, compromised);
    }

    /// @inheritdoc IConsortium
    function revokeKeyFor(address account, address key, bool compromised, bytes calldata signature) external {
        bytes32 message = keccak256(abi.encode(REVOKE_KEY, account, key, compromised, _useNonce(account)));
        _requireSigned(account, message, signature);
        _revokeKey(account, key, compromised);
    }

    /// @inheritdoc IConsortium
    function setProfile(bytes32 profile) external {
        _useNonce(msg.sender);
        _setProfile(msg.sender, profile);
    }

    /// @inheritdoc IConsortium
    function setProfileFor(address account, bytes32 profile, bytes calldata signature) external {
        _requireSigned(account, keccak256(abi.encode(SET_PROFILE, account, profile, _useNonce(account))), signature);
        _setProfile(account, profile);
    }

    /// @inheritdoc IConsortium
    function proposeRecovery(uint16 slot, address account) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _admission(slot);
        _requireNew(account);
        uint48 readyAt = uint48(block.timestamp) + recoveryDelay;
        _recoveries[slot] = Recovery({account: account, readyAt: readyAt});
        emit RecoveryProposed(slot, account, readyAt);
    }

    /// @inheritdoc IConsortium
    function cancelRecovery(uint16 slot) external {
        if (msg.sender != _admission(slot).account) _checkRole(DEFAULT_ADMIN_ROLE);
        _useNonce(msg.sender);
        _cancelRecovery(slot);
    }

    /// @inheritdoc IConsortium
    function cancelRecoveryFor(uint16 slot, bytes calldata signature) external {
        address account = _admission(slot).account;
        address recovered = _recoveries[slot].account;
        _requireSigned(
            account, keccak256(abi.encode(CANCEL_RECOVERY, account, recovered, _useNonce(account))), signature
        );
        _cancelRecovery(slot);
    }

    /// @inheritdoc IConsortium
    /// @dev The lost account's key ends with it. What both did before stays as it was.
    function completeRecovery(uint16 slot) external {
        Recovery memory recovery = _recoveries[slot];
        if (recovery.account == address(0)) revert NoRecovery(slot);
        if (block.timestamp < recovery.readyAt) revert RecoveryNotReady(slot, recovery.readyAt);
        // It may have come to be somebody's since it was proposed.
        _requireNew(recovery.account);
        Admission storage admission = _admission(slot);
        address lost = admission.account;
        _endCurrentKey(lost);
        delete _holders[lost];
        delete _recoveries[slot];
        _holders[recovery.account].slot = slot;
        admission.account = recovery.account;
        emit AccountRecovered(slot, lost, recovery.account);
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
    function keyOfSlot(uint16 slot) external view returns (address) {
        return _holders[_admissions[slot].account].key;
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

    /// @inheritdoc IConsortium
    function profileOf(uint16 slot) external view returns (bytes32) {
        return _profiles[slot];
    }

    /// @inheritdoc IConsortium
    function recoveryOf(uint16 slot) external view returns (address account, uint48 readyAt) {
        return (_recoveries[slot].account, _recoveries[slot].readyAt);
    }

    /// @inheritdoc IConsortium
    function nonces(address account) public view override(IConsortium, Nonces) returns (uint256) {
        return super.nonces(account);
    }

    /// @inheritdoc IConsortium
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _setKey(address account, address key) private {
        if (key == address(0)) revert ZeroAddress();
        Holder memory holder = _holders[account];
        if (holder.slot == 0 && !holder.coordinator) revert UnknownCoordinator(account);
        if (_keys[key].owner != address(0)) revert KeyAlreadyListed(key);
        _endCurrentKey(account);
        _keys[key] = Key({
            slot: holder.slot, owner: account, validFrom: uint64(block.timestamp), validTo: 0, compromised: false
        });
        _keysOf[account].push(key);
        _holders[account].key = key;
        emit KeyListed(account, key, holder.slot);
    }

    function _revokeKey(address account, address key, bool compromised) private {
        Key storage listed = _keys[key];
        // A member's keys are those of whatever account it has now: not of one that it lost, which others may hold.
        bool owns = listed.slot == 0 ? listed.owner == account : listed.slot == _holders[account].slot;
        if (!owns) revert NotOwner(account, listed.owner);
        if (listed.validTo == 0) {
            _endCurrentKey(account);
        } else if (!compromised || listed.compromised) {
            revert KeyNotLive(key);
        }
        listed.compromised = compromised;
        emit KeyRevoked(account, key, compromised);
    }

    function _setProfile(address account, bytes32 profile) private {
        uint16 slot = _holders[account].slot;
        if (slot == 0) revert NotMember(account);
        _profiles[slot] = profile;
        emit ProfileSet(slot, profile);
    }

    function _cancelRecovery(uint16 slot) private {
        address account = _recoveries[slot].account;
        if (account == address(0)) revert NoRecovery(slot);
        delete _recoveries[slot];
        emit RecoveryCancelled(slot, account);
    }

    function _requireSigned(address account, bytes32 message, bytes calldata signature) private view {
        if (!SignatureChecker.isValidSignatureNow(account, _hashTypedDataV4(message), signature)) {
            revert InvalidSignature();
        }
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
