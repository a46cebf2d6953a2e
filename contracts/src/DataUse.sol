// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";
import {IDataUse} from "./interfaces/IDataUse.sol";
import {IRoundLedger} from "./interfaces/IRoundLedger.sol";

/// @title Members' datasets and their consent, with its whole history.
/// @dev Deployed second, with the address that the ledger will have: the deployer's creation after next. The ledger's
/// constructor refuses to come to life anywhere else, so that the two always name each other.
contract DataUse is IDataUse, EIP712 {
    bytes32 private constant ADD_VERSION =
        keccak256("AddVersion(uint16 slot,bytes32 dataset,bytes32 root,uint40 rows)");
    bytes32 private constant GRANT =
        keccak256("Grant(bytes32 study,uint16 slot,bytes32 plan,bytes32 dataset,uint64 until,uint256 nonce)");
    bytes32 private constant REVOKE = keccak256("Revoke(bytes32 study,uint16 slot,uint256 nonce)");

    IConsortium public immutable consortium;
    IRoundLedger public immutable ledger;

    mapping(uint16 slot => mapping(bytes32 dataset => mapping(bytes32 root => Version))) private _versions;
    mapping(uint16 slot => mapping(bytes32 dataset => bool)) private _hasVersion;
    mapping(bytes32 study => mapping(uint16 slot => Grant[])) private _grants;
    mapping(bytes32 study => mapping(uint16 slot => uint256)) private _voided;

    /// @param consortium_ whose members these are.
    /// @param ledger_ where the RoundLedger will stand: for a deployer that sends this creation with nonce n, the
    /// CREATE address of nonce n + 2.
    constructor(IConsortium consortium_, IRoundLedger ledger_) EIP712("Syndic", "1") {
        consortium = consortium_;
        ledger = ledger_;
    }

    /// @inheritdoc IDataUse
    function addVersion(uint16 slot, bytes32 dataset, bytes32 root, uint40 rows) external {
        IConsortium.Member memory member = consortium.member(slot);
        if (msg.sender != member.account && msg.sender != member.key) revert NotAccountNorKey(msg.sender, slot);
        _addVersion(slot, dataset, root, rows);
    }

    /// @inheritdoc IDataUse
    /// @dev Needs no nonce: a version is added once.
    function addVersionFor(uint16 slot, bytes32 dataset, bytes32 root, uint40 rows, bytes calldata signature) external {
        IConsortium.Member memory member = consortium.member(slot);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(ADD_VERSION, slot, dataset, root, rows)));
        if (
            !SignatureChecker.isValidSignatureNow(member.key, digest, signature)
                && !SignatureChecker.isValidSignatureNow(member.account, digest, signature)
        ) revert InvalidSignature();
        _addVersion(slot, dataset, root, rows);
    }

    /// @inheritdoc IDataUse
    function grant(bytes32 study, uint16 slot, bytes32 plan, bytes32 dataset, uint64 until) external {
        if (msg.sender != consortium.member(slot).account) revert NotAccount(msg.sender, slot);
        _grant(study, slot, plan, dataset, until);
    }

    /// @inheritdoc IDataUse
    function grantFor(bytes32 study, uint16 slot, bytes32 plan, bytes32 dataset, uint64 until, bytes calldata signature)
        external
    {
        bytes32 message = keccak256(abi.encode(GRANT, study, slot, plan, dataset, until, nonces(study, slot)));
        _requireSigned(slot, message, signature);
        _grant(study, slot, plan, dataset, until);
    }

    /// @inheritdoc IDataUse
    /// @dev Works for a suspended member and for a closed study too: consent can always be withdrawn.
    function revoke(bytes32 study, uint16 slot) external {
        if (msg.sender != consortium.member(slot).account) revert NotAccount(msg.sender, slot);
        _revoke(study, slot);
    }

    /// @inheritdoc IDataUse
    function revokeFor(bytes32 study, uint16 slot, bytes calldata signature) external {
        _requireSigned(slot, keccak256(abi.encode(REVOKE, study, slot, nonces(study, slot))), signature);
        _revoke(study, slot);
    }

    /// @inheritdoc IDataUse
    function voidSignatures(bytes32 study, uint16 slot) external {
        if (msg.sender != consortium.member(slot).account) revert NotAccount(msg.sender, slot);
        ++_voided[study][slot];
    }

    /// @inheritdoc IDataUse
    function nonces(bytes32 study, uint16 slot) public view returns (uint256) {
        return _acts(study, slot) + _voided[study][slot];
    }

    /// @inheritdoc IDataUse
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IDataUse
    function version(uint16 slot, bytes32 dataset, bytes32 root) external view returns (Version memory) {
        return _versions[slot][dataset][root];
    }

    /// @inheritdoc IDataUse
    function grantCount(bytes32 study, uint16 slot) external view returns (uint256) {
        return _grants[study][slot].length;
    }

    /// @inheritdoc IDataUse
    function grantAt(bytes32 study, uint16 slot, uint256 index) external view returns (Grant memory) {
        return _grants[study][slot][index];
    }

    /// @inheritdoc IDataUse
    function latestGrant(bytes32 study, uint16 slot) external view returns (Grant memory newest) {
        Grant[] storage grants = _grants[study][slot];
        if (grants.length != 0) newest = grants[grants.length - 1];
    }

    /// @inheritdoc IDataUse
    function isLive(bytes32 study, uint16 slot) public view returns (bool) {
        Grant[] storage grants = _grants[study][slot];
        if (grants.length == 0) return false;
        Grant storage newest = grants[grants.length - 1];
        return newest.revokedAt == 0 && block.timestamp < newest.until;
    }

    function _addVersion(uint16 slot, bytes32 dataset, bytes32 root, uint40 rows) private {
        _requireActive(slot);
        if (rows == 0) revert RowsOutOfRange(rows);
        if (_versions[slot][dataset][root].addedAt != 0) revert VersionExists(slot, dataset, root);
        _versions[slot][dataset][root] = Version({addedAt: uint64(block.timestamp), rows: rows});
        _hasVersion[slot][dataset] = true;
        emit VersionAdded(slot, dataset, root, rows);
    }

    function _grant(bytes32 study, uint16 slot, bytes32 plan, bytes32 dataset, uint64 until) private {
        _requireActive(slot);
        IRoundLedger.Study memory opened = ledger.study(study);
        if (opened.openedAt == 0) revert UnknownStudy(study);
        if (opened.outcome != 0) revert StudyIsClosed(study);
        if (opened.plan != plan) revert WrongPlan(opened.plan, plan);
        if (until <= block.timestamp) revert UntilInPast(until);
        if (!_hasVersion[slot][dataset]) revert DatasetUnknown(slot, dataset);
        if (isLive(study, slot)) revert GrantIsLive(study, slot);
        uint64 act = _acts(study, slot) + 1;
        _grants[study][slot].push(
            Grant({
                plan: plan, dataset: dataset, grantedAt: uint64(block.timestamp), until: until, revokedAt: 0, act: act
            })
        );
        emit Granted(study, slot, plan, dataset, until);
        ledger.onGranted(study, slot, until);
    }

    function _revoke(bytes32 study, uint16 slot) private {
        if (!isLive(study, slot)) revert NoLiveGrant(study, slot);
        Grant[] storage grants = _grants[study][slot];
        grants[grants.length - 1].revokedAt = uint64(block.timestamp);
        emit Revoked(study, slot);
        ledger.onRevoked(study, slot);
    }

    /// @return acts how often the member consented or withdrew in this study: every change voids what was signed before
    /// it, without a word of storage of its own.
    function _acts(bytes32 study, uint16 slot) private view returns (uint64 acts) {
        Grant[] storage grants = _grants[study][slot];
        if (grants.length == 0) return 0;
        Grant storage newest = grants[grants.length - 1];
        return newest.revokedAt == 0 ? newest.act : newest.act + 1;
    }

    function _requireSigned(uint16 slot, bytes32 message, bytes calldata signature) private view {
        address account = consortium.member(slot).account;
        if (!SignatureChecker.isValidSignatureNow(account, _hashTypedDataV4(message), signature)) {
            revert InvalidSignature();
        }
    }

    function _requireActive(uint16 slot) private view {
        if (!consortium.isActive(slot)) revert MemberNotActive(slot);
    }
}
