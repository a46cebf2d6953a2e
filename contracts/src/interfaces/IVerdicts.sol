// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What members say of a record, and what a coordinator's own signature proves against it.
/// @notice A member speaks through its account (which may be a contract, ERC-1271) or its current worker key, directly
/// or by an EIP-712 signature that anyone sends. Whoever ever joined a study has a say in it for good: neither a
/// suspension nor a revoked grant silences a member.
interface IVerdicts {
    /// @dev what a coordinator promised a member: its EIP-712 `Receipt`
    struct Receipt {
        bytes32 statement;
        bytes32 study;
        uint32 round;
        uint16 slot;
        bytes32 baseModel;
        bytes32 update;
        uint64 samples;
        /// @dev Unix seconds by which a record that names the update was to stand
        uint64 recordBy;
    }

    /// @dev what a record hash was made of, besides study, round and entries
    struct Record {
        uint8 outcome;
        bytes32 baseModel;
        bytes32 globalModel;
        bytes32 manifest;
        uint64 timestamp;
    }

    /// @dev A member's word about one round. It is given once; a dispute that is closed stays on record, and its member
    /// may still attest.
    enum Verdict {
        None,
        Attested,
        Disputed,
        Withdrawn,
        Dismissed
    }

    /// @dev How a record breaks a receipt.
    enum Omission {
        None,
        Absent,
        NotSelected,
        AnotherUpdate,
        OtherSamples
    }

    event Attested(bytes32 indexed study, uint32 indexed round, uint16 indexed slot, bytes32 recordHash);
    event Disputed(bytes32 indexed study, uint32 indexed round, uint16 indexed slot, uint8 reason, bytes32 recordHash);
    event DisputeWithdrawn(bytes32 indexed study, uint32 indexed round, uint16 indexed slot);
    /// @param votes for closing that dispute, with this one
    event DisputeVoted(bytes32 indexed study, uint32 indexed round, uint16 indexed slot, uint16 voter, uint16 votes);
    event DisputeDismissed(bytes32 indexed study, uint32 indexed round, uint16 indexed slot, uint16 votes);
    event OmissionProven(
        bytes32 indexed study,
        uint32 indexed round,
        uint16 indexed slot,
        Omission omission,
        address coordinator,
        bytes32 receipt
    );
    /// @param secondsLate by which the record came too late, or by which it is too late so far
    event Late(
        bytes32 indexed study,
        uint32 indexed round,
        uint16 indexed slot,
        uint64 recordBy,
        uint64 secondsLate,
        bool recorded
    );

    error NeverJoined(bytes32 study, uint16 slot);
    /// @dev the sender, or the signature, is neither of the member's account nor of its current key
    error NotTheMember(uint16 slot);
    error NotRecorded(bytes32 study, uint32 round);
    /// @dev the round's record is another, as after a reorganisation of the chain
    error WrongRecord(bytes32 expected, bytes32 given);
    error VerdictGiven(bytes32 study, uint32 round, uint16 slot, Verdict verdict);
    error ReasonMissing();
    error NoOpenDispute(bytes32 study, uint32 round, uint16 slot);
    error VotedAlready(uint16 voter);
    error BatchMismatch(uint256 slots, uint256 signatures);
    /// @dev signed by no key of the study's coordinator, or by one that was revoked as compromised
    error NotItsReceipt(address signer);
    error ReceiptOfAnotherBase(bytes32 recorded, bytes32 promised);
    error NotOnRoster(uint16 slot);
    /// @dev the record names the update as it was promised
    error ReceiptKept();
    error OmissionKnown(bytes32 study, uint32 round, uint16 slot);
    error NotLate(uint64 recordBy);

    /// @notice Says that the member has checked the round's record and finds it right.
    /// @param recordHash of the record that was checked.
    function attest(bytes32 study, uint32 round, uint16 slot, bytes32 recordHash) external;
    /// @notice The same, sent by anyone on the member's signature over `Attest`. So below, too.
    function attestFor(bytes32 study, uint32 round, uint16 slot, bytes32 recordHash, bytes calldata signature) external;
    /// @notice The same for many members at once, each signature by a worker key.
    /// @param slots two big-endian bytes each.
    /// @param signatures 65 bytes each: r, s, v.
    function attestMany(
        bytes32 study,
        uint32 round,
        bytes32 recordHash,
        bytes calldata slots,
        bytes calldata signatures
    ) external;

    /// @notice Says that the record is wrong. While the dispute is open, the study is not final.
    /// @param reason a code other than 0.
    function dispute(bytes32 study, uint32 round, uint16 slot, bytes32 recordHash, uint8 reason) external;
    function disputeFor(
        bytes32 study,
        uint32 round,
        uint16 slot,
        bytes32 recordHash,
        uint8 reason,
        bytes calldata signature
    ) external;
    /// @notice Closes a dispute: by the member who opened it.
    function withdrawDispute(bytes32 study, uint32 round, uint16 slot) external;
    function withdrawDisputeFor(bytes32 study, uint32 round, uint16 slot, bytes calldata signature) external;
    /// @notice Votes for closing another's dispute. It is closed by more than half of all who ever joined the study.
    function voteToDismiss(bytes32 study, uint32 round, uint16 slot, uint16 voter) external;
    function voteToDismissFor(bytes32 study, uint32 round, uint16 slot, uint16 voter, bytes calldata signature) external;

    /// @notice Proves that a record breaks a receipt: it says of the member absent, not selected, another update or
    /// other samples. Anyone may; the mark stays for good. An honest coordinator signs no such receipt.
    /// @param signature of a key that the study's coordinator lists or listed, unless it is revoked as compromised.
    /// @param record with `entries`, what the round's record hash was made of.
    function challengeOmission(
        Receipt calldata receipt,
        bytes calldata signature,
        Record calldata record,
        bytes calldata entries
    ) external;
    /// @notice Puts on record that nothing stood at the receipt's `recordBy`, and for how long: a fact, not a mark
    /// against anyone, for a chain that stands still causes it too.
    /// @param record of a round that has been recorded meanwhile; ignored while it has not.
    function late(Receipt calldata receipt, bytes calldata signature, Record calldata record, bytes32 entriesHash)
        external;

    function verdict(bytes32 study, uint32 round, uint16 slot) external view returns (Verdict);
    /// @return attested members that attest the round.
    /// @return disputed members whose dispute of it is open.
    function verdicts(bytes32 study, uint32 round) external view returns (uint16 attested, uint16 disputed);
    function omission(bytes32 study, uint32 round, uint16 slot) external view returns (Omission);
    /// @notice Omissions proven of every study of a coordinator's account.
    function omissionsOf(address coordinator) external view returns (uint32);
    /// @notice The most seconds that were put on record for a round.
    function secondsLate(bytes32 study, uint32 round) external view returns (uint64);
    /// @notice Whether the study is closed, every round of it attested by its quorum, and no dispute open.
    function isFinal(bytes32 study) external view returns (bool);
    function domainSeparator() external view returns (bytes32);
}
