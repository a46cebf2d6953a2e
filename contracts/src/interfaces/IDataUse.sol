// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Datasets' versions, and members' consent to use them.
interface IDataUse {
    struct Version {
        uint64 addedAt;
        /// @dev upper bound of the rows, used only as a cap; at most 2^40 - 1
        uint40 rows;
    }

    struct Grant {
        bytes32 plan;
        bytes32 dataset;
        uint64 grantedAt;
        uint64 until;
        /// @dev 0 while not revoked
        uint64 revokedAt;
        /// @dev how often the member had consented or withdrawn in this study, with this grant
        uint64 act;
    }

    event VersionAdded(uint16 indexed slot, bytes32 indexed dataset, bytes32 indexed root, uint40 rows);
    event Granted(bytes32 indexed study, uint16 indexed slot, bytes32 plan, bytes32 dataset, uint64 until);
    event Revoked(bytes32 indexed study, uint16 indexed slot);

    error NotAccountNorKey(address caller, uint16 slot);
    error NotAccount(address caller, uint16 slot);
    error VersionExists(uint16 slot, bytes32 dataset, bytes32 root);
    error RowsOutOfRange(uint256 rows);
    error UnknownStudy(bytes32 study);
    error StudyIsClosed(bytes32 study);
    error WrongPlan(bytes32 expected, bytes32 given);
    error GrantIsLive(bytes32 study, uint16 slot);
    error NoLiveGrant(bytes32 study, uint16 slot);
    error UntilInPast(uint64 until);
    error MemberNotActive(uint16 slot);
    error DatasetUnknown(uint16 slot, bytes32 dataset);
    error InvalidSignature();

    /// @notice Anchors a version of a dataset. By the member's account or its current worker key.
    function addVersion(uint16 slot, bytes32 dataset, bytes32 root, uint40 rows) external;
    /// @notice The same, sent by anyone on an EIP-712 `AddVersion` signature of account (65 bytes, or ERC-1271) or key.
    function addVersionFor(uint16 slot, bytes32 dataset, bytes32 root, uint40 rows, bytes calldata signature) external;
    /// @notice Joins `study`: allows `dataset` to be used in it under `plan` until `until`. By the account alone;
    /// one live grant a member a study; the dataset has at least one version.
    function grant(bytes32 study, uint16 slot, bytes32 plan, bytes32 dataset, uint64 until) external;
    /// @notice The same on the account's signature over `Grant` with its current nonce in this study. Consent given or
    /// withdrawn, however that is done, voids what was signed before. So below, too.
    function grantFor(bytes32 study, uint16 slot, bytes32 plan, bytes32 dataset, uint64 until, bytes calldata signature)
        external;
    /// @notice Ends the live grant now. By the account alone.
    function revoke(bytes32 study, uint16 slot) external;
    function revokeFor(bytes32 study, uint16 slot, bytes calldata signature) external;
    /// @notice Takes back whatever the account signed and nobody has sent yet.
    function voidSignatures(bytes32 study, uint16 slot) external;

    /// @notice What the member's next signature must carry.
    function nonces(bytes32 study, uint16 slot) external view returns (uint256);
    function domainSeparator() external view returns (bytes32);

    function version(uint16 slot, bytes32 dataset, bytes32 root) external view returns (Version memory);
    function grantCount(bytes32 study, uint16 slot) external view returns (uint256);
    /// @notice The `index`-th grant (from 0) of a member in a study.
    function grantAt(bytes32 study, uint16 slot, uint256 index) external view returns (Grant memory);
    /// @notice The newest grant; all zero when there never was one.
    function latestGrant(bytes32 study, uint16 slot) external view returns (Grant memory);
    /// @notice Whether a grant is live now: neither revoked nor expired (`until` is exclusive).
    function isLive(bytes32 study, uint16 slot) external view returns (bool);
}
