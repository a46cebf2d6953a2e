// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The consortium: who its members are, which keys they hold, and since when.
/// @notice Only an account changes its own keys. The admin admits and suspends and never signs for a member.
interface IConsortium {
    /// @notice A worker or coordinator key and when it counted. Times are Unix seconds; `validTo` 0: until further notice.
    struct Key {
        /// @dev slot of the member that owns it; 0 for a coordinator's key
        uint16 slot;
        /// @dev account of the member or coordinator that owns it
        address owner;
        uint64 validFrom;
        uint64 validTo;
        /// @dev revoked as compromised: stopped at once
        bool compromised;
    }

    struct Member {
        address account;
        address key;
        uint64 admittedAt;
        /// @dev 0 while not suspended
        uint64 suspendedAt;
    }

    event MemberAdmitted(uint16 indexed slot, address indexed account);
    event MemberSuspended(uint16 indexed slot);
    event MemberReinstated(uint16 indexed slot);
    event CoordinatorAdded(address indexed account);
    event CoordinatorRemoved(address indexed account);
    event KeyListed(address indexed owner, address indexed key, uint16 indexed slot);
    event KeyRevoked(address indexed owner, address indexed key, bool compromised);
    event ProfileSet(uint16 indexed slot, bytes32 profile);
    event RecoveryProposed(uint16 indexed slot, address indexed account, uint48 readyAt);
    event RecoveryCancelled(uint16 indexed slot, address indexed account);
    event AccountRecovered(uint16 indexed slot, address indexed lost, address indexed account);

    error UnknownSlot(uint16 slot);
    error UnknownCoordinator(address account);
    error NotOwner(address caller, address owner);
    error KeyAlreadyListed(address key);
    error KeyNotLive(address key);
    error AccountAlreadyMember(address account);
    error AlreadyCoordinator(address account);
    error ZeroAddress();
    error TooManyMembers();
    error AlreadySuspended(uint16 slot);
    error NotSuspended(uint16 slot);
    error NotMember(address account);
    error NoRecovery(uint16 slot);
    error RecoveryNotReady(uint16 slot, uint48 readyAt);
    error InvalidSignature();

    /// @notice Roles beside the default admin, granted by it (OpenZeppelin AccessControl).
    function OPERATOR_ROLE() external view returns (bytes32);
    function AUDITOR_ROLE() external view returns (bytes32);

    /// @notice Admits `account` under the next free slot. Admin only. Slots start at 1 and are never reused.
    function admit(address account) external returns (uint16 slot);
    function suspend(uint16 slot) external;
    function reinstate(uint16 slot) external;

    /// @notice Lists `account` as one that may coordinate studies. Admin only.
    function addCoordinator(address account) external;
    function removeCoordinator(address account) external;

    /// @notice Lists `key` as the caller's current key, by the member's or coordinator's account alone; the one
    /// before ends now. A key is listed once, for good.
    function setKey(address key) external;
    /// @notice The same, sent by anyone on the account's EIP-712 signature (65 bytes, or ERC-1271) over `SetKey` with
    /// its current nonce. Whatever an account does here, itself or by a signature, uses its nonce up, and voids what it
    /// signed before. So below, too.
    function setKeyFor(address account, address key, bytes calldata signature) external;
    /// @notice Ends `key` of the caller now; `compromised` is on record for good.
    function revokeKey(address key, bool compromised) external;
    function revokeKeyFor(address account, address key, bool compromised, bytes calldata signature) external;

    /// @notice Sets the SHA-256 of the document that describes a member: by its account alone.
    function setProfile(bytes32 profile) external;
    function setProfileFor(address account, bytes32 profile, bytes calldata signature) external;

    /// @notice Proposes another account for a member that lost its own. Admin only. It counts after `recoveryDelay`
    /// seconds, and until then the member can cancel it; proposed anew, the delay begins anew.
    function proposeRecovery(uint16 slot, address account) external;
    /// @notice By the member's account, or the admin.
    function cancelRecovery(uint16 slot) external;
    function cancelRecoveryFor(uint16 slot, bytes calldata signature) external;
    /// @notice Anyone, once the delay is over.
    function completeRecovery(uint16 slot) external;

    function recoveryDelay() external view returns (uint48);
    /// @notice The account proposed for a member and the second from which it may count; zero when there is none.
    function recoveryOf(uint16 slot) external view returns (address account, uint48 readyAt);
    /// @notice SHA-256 of the document that describes a member; zero when it set none.
    function profileOf(uint16 slot) external view returns (bytes32);
    /// @notice How often an account has acted: what it signs must carry it.
    function nonces(address account) external view returns (uint256);
    function domainSeparator() external view returns (bytes32);

    function memberCount() external view returns (uint16);
    function member(uint16 slot) external view returns (Member memory);
    function slotOf(address account) external view returns (uint16);
    /// @notice The current key of a member's or coordinator's account; zero when it has none.
    function keyOf(address account) external view returns (address);
    /// @notice The same of a member; zero for a slot that is nobody's, too.
    function keyOfSlot(uint16 slot) external view returns (address);
    /// @notice History of one key; all zero when it was never listed.
    function keyInfo(address key) external view returns (Key memory);
    /// @notice Every key that `account` ever listed, oldest first.
    function keysOf(address account) external view returns (address[] memory);
    /// @notice Whether the member is admitted and not suspended.
    function isActive(uint16 slot) external view returns (bool);
    function isCoordinator(address account) external view returns (bool);

    /// @notice What the ledger asks for a record, in one call: the current key of `coordinator` (zero when it has
    /// none, or is not a coordinator), and which groups of 256 slots hold a suspended member: bit g is slots
    /// 256 g to 256 g + 255.
    function coordination(address coordinator) external view returns (address key, uint256 suspendedGroups);
    /// @notice The suspended members of one group: bit i is slot 256 `group` + i.
    function suspendedIn(uint8 group) external view returns (uint256);
}
