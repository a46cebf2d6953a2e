// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";
import {IRoundLedger} from "./interfaces/IRoundLedger.sol";
import {IVerdicts} from "./interfaces/IVerdicts.sol";
import {Entries} from "./lib/Entries.sol";
import {Heads} from "./lib/Heads.sol";

/// @title Where members answer the ledger.
/// @dev Deployed third, with the address that the ledger will have, as `DataUse` is. The ledger names it, so that who knows
/// the one finds the other, and never asks it: no member can hold up a record. Signed messages need no nonce: each can be used once, for a verdict is given once.
contract Verdicts is IVerdicts, EIP712, Multicall {
    /// @dev What was said of one round.
    struct Round {
        uint16 attested;
        uint16 disputed;
        uint64 secondsLate;
        /// @dev bit i of word g: slot 128 g + i attests; bit 128 + i: its dispute is open
        mapping(uint256 group => uint256) said;
        mapping(uint16 slot => Dispute) disputes;
        mapping(uint16 slot => Omission) omissions;
    }

    struct Dispute {
        Verdict state;
        uint8 reason;
        uint64 openedAt;
        uint16 votes;
        mapping(uint16 voter => bool) voted;
    }

    /// @dev What was said of a whole study.
    struct Study {
        /// @dev rounds that its quorum attests
        uint32 attestedRounds;
        uint32 openDisputes;
    }

    /// @dev The verdicts of one group of slots, while they are changed.
    struct Word {
        bool read;
        uint256 group;
        uint256 said;
        /// @dev bit i: slot 128 group + i has joined the study
        uint256 joined;
    }

    /// @dev Slots that share a word of verdicts.
    uint256 private constant PER_WORD = 128;

    uint256 private constant SIGNATURE_BYTES = 65;

    IConsortium public immutable consortium;
    IRoundLedger public immutable ledger;

    mapping(bytes32 study => Study) private _studies;
    mapping(bytes32 study => mapping(uint32 round => Round)) private _rounds;
    mapping(address coordinator => uint32) private _omissions;

    bytes32 private constant ATTEST = keccak256("Attest(bytes32 study,uint32 round,uint16 slot,bytes32 recordHash)");
    bytes32 private constant DISPUTE =
        keccak256("Dispute(bytes32 study,uint32 round,uint16 slot,bytes32 recordHash,uint8 reason)");
    bytes32 private constant WITHDRAW_DISPUTE = keccak256("WithdrawDispute(bytes32 study,uint32 round,uint16 slot)");
    bytes32 private constant VOTE_TO_DISMISS =
        keccak256("VoteToDismiss(bytes32 study,uint32 round,uint16 slot,uint16 voter)");
    bytes32 private constant RECEIPT = keccak256(
        "Receipt(bytes32 statement,bytes32 study,uint32 round,uint16 slot,bytes32 baseModel,bytes32 update,uint64 samples,uint64 recordBy)"
    );

    /// @param consortium_ whose members these are.
    /// @param ledger_ where the RoundLedger will stand: see `DataUse`.
    constructor(IConsortium consortium_, IRoundLedger ledger_) EIP712("Syndic", "1") {
        consortium = consortium_;
        ledger = ledger_;
    }

    /// @inheritdoc IVerdicts
    function attest(bytes32 id, uint32 round, uint16 slot, bytes32 hash) external {
        _requireSender(slot);
        _attest(id, round, slot, hash);
    }

    /// @inheritdoc IVerdicts
    function attestFor(bytes32 id, uint32 round, uint16 slot, bytes32 hash, bytes calldata signature) external {
        _requireSigned(slot, keccak256(abi.encode(ATTEST, id, round, slot, hash)), signature);
        _attest(id, round, slot, hash);
    }

    /// @inheritdoc IVerdicts
    function attestMany(bytes32 id, uint32 round, bytes32 hash, bytes calldata slots, bytes calldata signatures)
        external
    {
        uint256 count = slots.length / 2;
        if (slots.length % 2 != 0 || signatures.length != count * SIGNATURE_BYTES) {
            revert BatchMismatch(count, signatures.length / SIGNATURE_BYTES);
        }
        _requireRecord(id, round, hash);
        Round storage told = _rounds[id][round];
        // The word of verdicts at hand: neighbours share it, and it is written back when the batch leaves it.
        Word memory word;
        for (uint256 i; i < count; ++i) {
            uint16 slot = uint16(bytes2(slots[2 * i:2 * i + 2]));
            _requireKey(
                slot,
                keccak256(abi.encode(ATTEST, id, round, slot, hash)),
                signatures[SIGNATURE_BYTES * i:SIGNATURE_BYTES * (i + 1)]
            );
            _attestIn(word, told, id, round, slot);
            emit Attested(id, round, slot, hash);
        }
        _write(told, word);
        _countAttested(told, id, uint16(count));
    }

    /// @inheritdoc IVerdicts
    function dispute(bytes32 id, uint32 round, uint16 slot, bytes32 hash, uint8 reason) external {
        _requireSender(slot);
        _dispute(id, round, slot, hash, reason);
    }

    /// @inheritdoc IVerdicts
    function disputeFor(bytes32 id, uint32 round, uint16 slot, bytes32 hash, uint8 reason, bytes calldata signature)
        external
    {
        _requireSigned(slot, keccak256(abi.encode(DISPUTE, id, round, slot, hash, reason)), signature);
        _dispute(id, round, slot, hash, reason);
    }

    /// @inheritdoc IVerdicts
    function withdrawDispute(bytes32 id, uint32 round, uint16 slot) external {
        _requireSender(slot);
        _withdrawDispute(id, round, slot);
    }

    /// @inheritdoc IVerdicts
    function withdrawDisputeFor(bytes32 id, uint32 round, uint16 slot, bytes calldata signature) external {
        _requireSigned(slot, keccak256(abi.encode(WITHDRAW_DISPUTE, id, round, slot)), signature);
        _withdrawDispute(id, round, slot);
    }

    /// @inheritdoc IVerdicts
    function voteToDismiss(bytes32 id, uint32 round, uint16 slot, uint16 voter) external {
        _requireSender(voter);
        _voteToDismiss(id, round, slot, voter);
    }

    /// @inheritdoc IVerdicts
    function voteToDismissFor(bytes32 id, uint32 round, uint16 slot, uint16 voter, bytes calldata signature) external {
        _requireSigned(voter, keccak256(abi.encode(VOTE_TO_DISMISS, id, round, slot, voter)), signature);
        _voteToDismiss(id, round, slot, voter);
    }

    /// @inheritdoc IVerdicts
    function challengeOmission(
        Receipt calldata receipt,
        bytes calldata signature,
        Record calldata record,
        bytes calldata entries
    ) external {
        (address coordinator, bytes32 digest) = _requireReceipt(receipt, signature);
        (bytes32 id, uint32 round, uint16 slot) = (receipt.study, receipt.round, receipt.slot);
        _requirePreimage(id, round, record, keccak256(entries));
        if (record.baseModel != receipt.baseModel) revert ReceiptOfAnotherBase(record.baseModel, receipt.baseModel);
        Omission found = _omissionIn(receipt, entries);
        if (found == Omission.None) revert ReceiptKept();
        Round storage told = _rounds[id][round];
        if (told.omissions[slot] != Omission.None) revert OmissionKnown(id, round, slot);
        told.omissions[slot] = found;
        ++_omissions[coordinator];
        emit OmissionProven(id, round, slot, found, coordinator, digest);
    }

    /// @inheritdoc IVerdicts
    function late(Receipt calldata receipt, bytes calldata signature, Record calldata record, bytes32 entriesHash)
        external
    {
        _requireReceipt(receipt, signature);
        (bytes32 id, uint32 round) = (receipt.study, receipt.round);
        bool recorded = ledger.recordHash(id, round) != 0;
        if (recorded) _requirePreimage(id, round, record, entriesHash);
        uint64 stoodAt = recorded ? record.timestamp : uint64(block.timestamp);
        Round storage told = _rounds[id][round];
        // Nothing new is nothing to put on record.
        if (stoodAt <= receipt.recordBy || stoodAt - receipt.recordBy <= told.secondsLate) {
            revert NotLate(receipt.recordBy);
        }
        told.secondsLate = stoodAt - receipt.recordBy;
        emit Late(id, round, receipt.slot, receipt.recordBy, told.secondsLate, recorded);
    }

    /// @inheritdoc IVerdicts
    function verdict(bytes32 id, uint32 round, uint16 slot) external view returns (Verdict) {
        Round storage told = _rounds[id][round];
        return _hasAttested(told, slot) ? Verdict.Attested : told.disputes[slot].state;
    }

    /// @inheritdoc IVerdicts
    function verdicts(bytes32 id, uint32 round) external view returns (uint16 attested, uint16 disputed) {
        Round storage told = _rounds[id][round];
        return (told.attested, told.disputed);
    }

    /// @inheritdoc IVerdicts
    function omission(bytes32 id, uint32 round, uint16 slot) external view returns (Omission) {
        return _rounds[id][round].omissions[slot];
    }

    /// @inheritdoc IVerdicts
    function omissionsOf(address coordinator) external view returns (uint32) {
        return _omissions[coordinator];
    }

    /// @inheritdoc IVerdicts
    function secondsLate(bytes32 id, uint32 round) external view returns (uint64) {
        return _rounds[id][round].secondsLate;
    }

    /// @inheritdoc IVerdicts
    function isFinal(bytes32 id) external view returns (bool) {
        (,, uint8 outcome, uint32 lastRound) = ledger.standing(id);
        Study memory study = _studies[id];
        return outcome != 0 && study.attestedRounds == lastRound && study.openDisputes == 0;
    }

    /// @inheritdoc IVerdicts
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _attest(bytes32 id, uint32 round, uint16 slot, bytes32 hash) private {
        _requireRecord(id, round, hash);
        Round storage told = _rounds[id][round];
        Word memory word;
        _attestIn(word, told, id, round, slot);
        _write(told, word);
        emit Attested(id, round, slot, hash);
        _countAttested(told, id, 1);
    }

    /// @dev Leaves the word to be written.
    function _attestIn(Word memory word, Round storage told, bytes32 id, uint32 round, uint16 slot) private {
        uint256 group = slot / PER_WORD;
        if (!word.read || group != word.group) {
            if (word.read) _write(told, word);
            (word.read, word.group, word.said) = (true, group, told.said[group]);
            word.joined = ledger.joinedIn(id, uint8(slot >> 8)) >> (slot & PER_WORD);
        }
        uint256 bit = 1 << (slot % PER_WORD);
        if (word.joined & bit == 0) revert NeverJoined(id, slot);
        if (word.said & bit != 0) revert VerdictGiven(id, round, slot, Verdict.Attested);
        if (word.said & (bit << PER_WORD) != 0) revert VerdictGiven(id, round, slot, Verdict.Disputed);
        word.said |= bit;
    }

    function _write(Round storage told, Word memory word) private {
        told.said[word.group] = word.said;
    }

    /// @dev A round counts for its study once, when it comes to the quorum.
    function _countAttested(Round storage told, bytes32 id, uint16 more) private {
        uint16 before = told.attested;
        told.attested = before + more;
        (, uint16 quorum,,) = ledger.standing(id);
        if (before < quorum && before + more >= quorum) ++_studies[id].attestedRounds;
    }

    function _dispute(bytes32 id, uint32 round, uint16 slot, bytes32 hash, uint8 reason) private {
        _requireRecord(id, round, hash);
        _requireJoined(id, slot);
        if (reason == 0) revert ReasonMissing();
        Round storage told = _rounds[id][round];
        if (_hasAttested(told, slot)) revert VerdictGiven(id, round, slot, Verdict.Attested);
        Dispute storage opened = told.disputes[slot];
        if (opened.state != Verdict.None) revert VerdictGiven(id, round, slot, opened.state);
        (opened.state, opened.reason, opened.openedAt) = (Verdict.Disputed, reason, uint64(block.timestamp));
        told.said[slot / PER_WORD] |= 1 << (PER_WORD + slot % PER_WORD);
        ++told.disputed;
        ++_studies[id].openDisputes;
        emit Disputed(id, round, slot, reason, hash);
    }

    function _withdrawDispute(bytes32 id, uint32 round, uint16 slot) private {
        _closeDispute(id, round, slot, Verdict.Withdrawn);
        emit DisputeWithdrawn(id, round, slot);
    }

    function _voteToDismiss(bytes32 id, uint32 round, uint16 slot, uint16 voter) private {
        _requireJoined(id, voter);
        Dispute storage opened = _rounds[id][round].disputes[slot];
        if (opened.state != Verdict.Disputed) revert NoOpenDispute(id, round, slot);
        if (opened.voted[voter]) revert VotedAlready(voter);
        opened.voted[voter] = true;
        uint16 votes = ++opened.votes;
        emit DisputeVoted(id, round, slot, voter, votes);
        if (uint256(votes) * 2 <= ledger.joinedCount(id)) return;
        _closeDispute(id, round, slot, Verdict.Dismissed);
        emit DisputeDismissed(id, round, slot, votes);
    }

    function _closeDispute(bytes32 id, uint32 round, uint16 slot, Verdict as_) private {
        Round storage told = _rounds[id][round];
        Dispute storage opened = told.disputes[slot];
        if (opened.state != Verdict.Disputed) revert NoOpenDispute(id, round, slot);
        opened.state = as_;
        told.said[slot / PER_WORD] &= ~(1 << (PER_WORD + slot % PER_WORD));
        --told.disputed;
        --_studies[id].openDisputes;
    }

    /// @return whether slot is among those who attest.
    function _hasAttested(Round storage told, uint16 slot) private view returns (bool) {
        return told.said[slot / PER_WORD] & (1 << (slot % PER_WORD)) != 0;
    }

    function _requireJoined(bytes32 id, uint16 slot) private view {
        if ((ledger.joinedIn(id, uint8(slot >> 8)) >> (slot & 0xff)) & 1 == 0) revert NeverJoined(id, slot);
    }

    /// @dev Neither a suspension nor a revoked grant takes a member's word away; a replaced key has none.
    function _requireSender(uint16 slot) private view {
        IConsortium.Member memory member = consortium.member(slot);
        if (msg.sender != member.account && msg.sender != member.key) revert NotTheMember(slot);
    }

    function _requireSigned(uint16 slot, bytes32 message, bytes calldata signature) private view {
        IConsortium.Member memory member = consortium.member(slot);
        bytes32 digest = _hashTypedDataV4(message);
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecover(digest, signature);
        if (fault == ECDSA.RecoverError.NoError && signer == member.key) return;
        if (!SignatureChecker.isValidSignatureNow(member.account, digest, signature)) revert NotTheMember(slot);
    }

    function _requireKey(uint16 slot, bytes32 message, bytes calldata signature) private view {
        if (ECDSA.recover(_hashTypedDataV4(message), signature) != consortium.keyOfSlot(slot)) {
            revert NotTheMember(slot);
        }
    }

    function _requireRecord(bytes32 id, uint32 round, bytes32 hash) private view {
        bytes32 recorded = ledger.recordHash(id, round);
        if (recorded == 0) revert NotRecorded(id, round);
        if (recorded != hash) revert WrongRecord(recorded, hash);
    }

    function _requirePreimage(bytes32 id, uint32 round, Record calldata record, bytes32 entriesHash) private view {
        bytes32 hash = Heads.recordedAt(
            id,
            round,
            record.outcome,
            record.baseModel,
            record.globalModel,
            record.manifest,
            record.timestamp,
            entriesHash
        );
        _requireRecord(id, round, hash);
    }

    /// @return coordinator the account of the study's coordinator, whose key signed the receipt.
    /// @return digest that was signed.
    function _requireReceipt(Receipt calldata receipt, bytes calldata signature)
        private
        view
        returns (address coordinator, bytes32 digest)
    {
        // Receipts are signed in the ledger's domain.
        digest = MessageHashUtils.toTypedDataHash(ledger.domainSeparator(), keccak256(abi.encode(RECEIPT, receipt)));
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecover(digest, signature);
        (coordinator,,,) = ledger.standing(receipt.study);
        IConsortium.Key memory key = consortium.keyInfo(signer);
        // Of a study that is not, or a key that is nobody's, both are zero.
        if (
            fault != ECDSA.RecoverError.NoError || coordinator == address(0) || key.owner != coordinator
                || key.compromised
        ) {
            revert NotItsReceipt(signer);
        }
    }

    function _omissionIn(Receipt calldata receipt, bytes calldata entries) private pure returns (Omission) {
        (bool found, bytes32 update, uint256 word) = Entries.find(entries, receipt.slot);
        if (!found) revert NotOnRoster(receipt.slot);
        uint256 status = (word >> 16) & 0xff;
        if (status == Entries.ABSENT) return Omission.Absent;
        if (status == Entries.NOT_SELECTED) return Omission.NotSelected;
        if (update != receipt.update) return Omission.AnotherUpdate;
        return word >> 32 == receipt.samples ? Omission.None : Omission.OtherSamples;
    }
}
