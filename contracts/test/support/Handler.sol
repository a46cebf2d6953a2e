// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRoundLedger} from "../../src/interfaces/IRoundLedger.sol";
import {IVerdicts} from "../../src/interfaces/IVerdicts.sol";
import {Fixture} from "./Fixture.sol";
import {Vm} from "./Vm.sol";

/// @notice Acts on two studies at random and keeps a second opinion about them: rosters and grants by plain rules,
/// heads and totals from nothing but the events. Its own actions are all allowed ones, but for `attack`.
contract Handler is Fixture {
    struct Opinion {
        bytes32 id;
        bytes32 head;
        bytes32 model;
        uint32 lastRound;
        uint8 outcome;
        bool started;
    }

    uint256 public constant STUDIES = 2;
    uint16 private constant QUORUM = 2;

    Opinion[STUDIES] private _opinions;
    mapping(uint256 study => bytes32[]) private _hashes;
    /// @dev What the newest record of a study was made of.
    mapping(uint256 study => IVerdicts.Record) private _newest;
    mapping(uint256 study => bytes) private _newestEntries;
    mapping(uint256 study => mapping(uint16 slot => bool)) private _onRoster;
    mapping(uint256 study => mapping(uint16 slot => bool)) private _joined;
    mapping(uint256 study => mapping(uint16 slot => uint64)) private _until;
    mapping(uint256 study => mapping(uint16 slot => uint256)) private _rounds;
    mapping(uint256 study => mapping(uint16 slot => uint256)) private _samples;
    mapping(uint16 slot => bool) private _suspended;
    mapping(uint256 study => mapping(uint16 slot => bool)) private _everJoined;
    mapping(uint256 study => mapping(uint32 round => mapping(uint16 slot => IVerdicts.Verdict))) private _verdicts;
    mapping(uint256 study => mapping(uint32 round => mapping(uint16 slot => uint16[]))) private _votes;
    mapping(uint256 study => mapping(uint32 round => mapping(uint16 slot => bool))) private _flagged;
    uint32 private _omissions;
    uint256 private _signer = SENDER_KEY;
    address private _key = SENDER;
    uint16[] private _slots;

    constructor() {
        deploy();
        admit(515);
        // Neighbours that share words of totals, on both sides of the borders of roster words, and loners.
        _slots = [1, 2, 3, 4, 9, 100, 254, 255, 256, 257, 511, 512];
        for (uint256 i; i < STUDIES; ++i) {
            vm.prank(operator);
            _opinions[i].id = ledger.openStudy(PLAN, MODEL, COORDINATOR, QUORUM, bytes32(i));
            _opinions[i].model = MODEL;
            _opinions[i].head = keccak256(
                abi.encode(keccak256("syndic.study.v1"), block.chainid, address(ledger), _opinions[i].id, PLAN, MODEL)
            );
            for (uint256 j; j < 6; ++j) {
                join(i, _slots[2 * j], UNTIL);
            }
        }
    }

    // What random calls do.

    function passTime(uint256 seed) external {
        vm.warp(block.timestamp + seed % 3 days);
    }

    function grantOrRevoke(uint256 seed) external {
        (uint256 i, uint16 slot) = (seed % STUDIES, pick(seed >> 8));
        if (_until[i][slot] > block.timestamp) {
            revoke(_opinions[i].id, slot);
            (_joined[i][slot], _until[i][slot]) = (false, 0);
        } else if (!_suspended[slot] && _opinions[i].outcome == 0) {
            join(i, slot, uint64(block.timestamp + 1 + (seed >> 16) % 60 days));
        }
    }

    function suspendOrReinstate(uint256 seed) external {
        uint16 slot = pick(seed);
        if (_suspended[slot]) consortium.reinstate(slot);
        else if (seed >> 16 & 1 == 0) consortium.suspend(slot);
        _suspended[slot] = !consortium.isActive(slot);
    }

    function rotateKey() external {
        _key = vm.addr(++_signer);
        vm.prank(COORDINATOR);
        consortium.setKey(_key);
    }

    function begin(uint256 seed) external {
        uint256 i = seed % STUDIES;
        Opinion storage opinion = _opinions[i];
        if (opinion.started || opinion.outcome != 0) return;
        bytes memory packed;
        for (uint256 j; j < _slots.length; ++j) {
            uint16 slot = _slots[j];
            bool live = _joined[i][slot] && _until[i][slot] > block.timestamp;
            if (live) packed = bytes.concat(packed, bytes2(slot));
        }
        if (packed.length < 2 * QUORUM) return;
        vm.prank(_key);
        ledger.startStudy(opinion.id);
        opinion.started = true;
        for (uint256 j; j < _slots.length; ++j) {
            uint16 slot = _slots[j];
            _joined[i][slot] = _onRoster[i][slot] = _joined[i][slot] && _until[i][slot] > block.timestamp;
        }
        link(i, keccak256(abi.encode(keccak256("syndic.start.v1"), opinion.id, keccak256(packed), time())));
    }

    function addNote(uint256 seed, bytes32 kind, bytes32 digest) external {
        uint256 i = seed % STUDIES;
        if (_opinions[i].outcome != 0) return;
        vm.prank(_key);
        ledger.note(_opinions[i].id, kind, digest);
        link(i, keccak256(abi.encode(keccak256("syndic.note.v1"), _opinions[i].id, kind, digest, time())));
    }

    function close(uint256 seed) external {
        (uint256 i, uint8 outcome) = (seed % STUDIES, uint8(1 + (seed >> 8) % 3));
        if (_opinions[i].outcome != 0 || (seed >> 16) % 20 != 0) return;
        vm.prank(_key);
        ledger.closeStudy(_opinions[i].id, outcome);
        _opinions[i].outcome = outcome;
        link(i, keccak256(abi.encode(keccak256("syndic.close.v1"), _opinions[i].id, outcome, time())));
    }

    function recordNext(uint256 seed) public {
        uint256 i = seed % STUDIES;
        Opinion storage opinion = _opinions[i];
        if (!opinion.started || opinion.outcome != 0) return;
        (bytes memory entries, uint256 count) = invent(i, seed, true);
        uint8 outcome = COMPLETED;
        bytes32 global = keccak256(abi.encode(seed));
        if (count < QUORUM || seed >> 250 == 0) {
            (entries,) = invent(i, seed, false);
            (outcome, global) = (uint8(2 + seed % 2), opinion.model);
        }
        vm.recordLogs();
        vm.prank(_key);
        ledger.recordRound(opinion.id, opinion.lastRound + 1, outcome, opinion.model, global, MANIFEST, entries);
        readBack(i, vm.getRecordedLogs());
        for (uint256 j; j < _slots.length; ++j) {
            _onRoster[i][_slots[j]] = _joined[i][_slots[j]];
        }
    }

    /// @dev The same call thrice, so that random sequences hold more records than anything else.
    function recordAnother(uint256 seed) external {
        recordNext(seed);
    }

    function recordOneMore(uint256 seed) external {
        recordNext(seed);
    }

    /// @notice A record that is right but for one thing: it must change nothing.
    function attack(uint256 seed) external {
        uint256 i = seed % STUDIES;
        Opinion storage opinion = _opinions[i];
        uint256 fault = (seed >> 8) % 8;
        (bytes memory entries, uint256 count) = invent(i, seed, true);
        address sender = fault == 0 ? vm.addr(_signer - 1) : fault == 1 ? operator : _key;
        uint32 round = fault == 2 ? opinion.lastRound : fault == 3 ? opinion.lastRound + 2 : opinion.lastRound + 1;
        bytes32 base = fault == 4 ? MANIFEST : opinion.model;
        uint8 outcome = fault == 5 ? FAILED : COMPLETED;
        // Another slot, or another status that says nothing, in the first entry's word.
        if (fault >= 6 && entries.length != 0) entries[fault == 6 ? 63 : 61] ^= 0x44;
        // Without an included update some of these are not wrong.
        if ((fault >= 5 && count == 0) || (fault >= 6 && entries.length == 0)) sender = operator;
        vm.prank(sender);
        (bool ok,) = address(ledger)
            .call(
                abi.encodeCall(
                    IRoundLedger.recordRound,
                    (opinion.id, round, outcome, base, keccak256(abi.encode(seed)), MANIFEST, entries)
                )
            );
        vm.assertFalse(ok);
    }

    /// @notice A member attests, disputes, withdraws or votes; whatever it has no right to is refused.
    function speak(uint256 seed) public {
        uint256 i = seed % STUDIES;
        if (_hashes[i].length == 0) return;
        uint32 round = uint32(1 + (seed >> 8) % _hashes[i].length);
        (uint16 slot, uint16 voter) = (pick(seed >> 16), pick(seed >> 24));
        bytes32 id = _opinions[i].id;
        IVerdicts.Verdict said = _verdicts[i][round][slot];
        uint256 act = (seed >> 32) % 4;
        bool may = _everJoined[i][act == 3 ? voter : slot];
        bytes memory data;
        if (act == 0) {
            may = may && said != IVerdicts.Verdict.Attested && said != IVerdicts.Verdict.Disputed;
            data = abi.encodeCall(IVerdicts.attest, (id, round, slot, _hashes[i][round - 1]));
            if (may) _verdicts[i][round][slot] = IVerdicts.Verdict.Attested;
        } else if (act == 1) {
            may = may && said == IVerdicts.Verdict.None;
            data = abi.encodeCall(IVerdicts.dispute, (id, round, slot, _hashes[i][round - 1], 1));
            if (may) _verdicts[i][round][slot] = IVerdicts.Verdict.Disputed;
        } else if (act == 2) {
            may = may && said == IVerdicts.Verdict.Disputed;
            data = abi.encodeCall(IVerdicts.withdrawDispute, (id, round, slot));
            if (may) _verdicts[i][round][slot] = IVerdicts.Verdict.Withdrawn;
        } else {
            may = may && said == IVerdicts.Verdict.Disputed && !hasVoted(i, round, slot, voter);
            data = abi.encodeCall(IVerdicts.voteToDismiss, (id, round, slot, voter));
            if (may) _votes[i][round][slot].push(voter);
            if (may && 2 * _votes[i][round][slot].length > everJoined(i)) {
                _verdicts[i][round][slot] = IVerdicts.Verdict.Dismissed;
            }
        }
        // Its account or its key, and sometimes somebody else.
        uint16 speaker = act == 3 ? voter : slot;
        if ((seed >> 40) % 8 == 0) {
            (bool heard,) = address(verdicts).call(data);
            vm.assertFalse(heard);
        }
        vm.prank((seed >> 48) % 2 == 0 ? accountOf(speaker) : workerOf(speaker));
        (bool ok,) = address(verdicts).call(data);
        vm.assertEq(ok, may);
    }

    function speakAgain(uint256 seed) external {
        speak(seed);
    }

    /// @notice A receipt that the newest record keeps flags nobody; one that it breaks always does, once.
    function challenge(uint256 seed) external {
        uint256 i = seed % STUDIES;
        bytes memory entries = _newestEntries[i];
        if (entries.length == 0) return;
        uint256 at = ((seed >> 8) % (entries.length / 64)) * 64;
        (bytes32 update, uint256 word) = abi.decode(slice(entries, at), (bytes32, uint256));
        IVerdicts.Receipt memory receipt = IVerdicts.Receipt({
            statement: bytes32(seed),
            study: _opinions[i].id,
            round: _opinions[i].lastRound,
            slot: uint16(word),
            baseModel: _newest[i].baseModel,
            update: update,
            samples: uint64(word >> 32),
            recordBy: time()
        });
        bool kept = (word >> 16) & 0xff == INCLUDED || (word >> 16) & 0xff == EXCLUDED;
        if ((seed >> 16) % 3 == 0) (receipt.samples, kept) = (receipt.samples + 1, false);
        if ((seed >> 16) % 3 == 1) (receipt.update, kept) = (keccak256(abi.encode(update)), false);
        bool known = _flagged[i][receipt.round][receipt.slot];
        uint256 signer = SENDER_KEY + (seed >> 24) % (_signer - SENDER_KEY + 1);
        bytes32 message = keccak256(
            abi.encode(
                keccak256(
                    "Receipt(bytes32 statement,bytes32 study,uint32 round,uint16 slot,bytes32 baseModel,bytes32 update,uint64 samples,uint64 recordBy)"
                ),
                receipt
            )
        );
        (bool ok,) = address(verdicts)
            .call(
                abi.encodeCall(
                    IVerdicts.challengeOmission, (receipt, sign(signer, address(ledger), message), _newest[i], entries)
                )
            );
        vm.assertEq(ok, !kept && !known);
        if (!ok) return;
        _flagged[i][receipt.round][receipt.slot] = true;
        ++_omissions;
    }

    // What the invariants compare.

    function checkVerdicts(uint256 i) external view {
        Opinion memory opinion = _opinions[i];
        bool isFinal = opinion.outcome != 0;
        for (uint32 round = 1; round <= opinion.lastRound; ++round) {
            (uint256 attested, uint256 disputed) = (0, 0);
            for (uint256 j; j < _slots.length; ++j) {
                IVerdicts.Verdict said = _verdicts[i][round][_slots[j]];
                vm.assertEq(uint256(verdicts.verdict(opinion.id, round, _slots[j])), uint256(said), "verdict");
                if (said == IVerdicts.Verdict.Attested) ++attested;
                if (said == IVerdicts.Verdict.Disputed) ++disputed;
                bool flagged = verdicts.omission(opinion.id, round, _slots[j]) != IVerdicts.Omission.None;
                vm.assertEq(flagged, _flagged[i][round][_slots[j]]);
            }
            (uint16 gotAttested, uint16 gotDisputed) = verdicts.verdicts(opinion.id, round);
            vm.assertEq(gotAttested, attested, "attested");
            vm.assertEq(gotDisputed, disputed, "disputed");
            isFinal = isFinal && attested >= QUORUM && disputed == 0;
        }
        vm.assertEq(verdicts.isFinal(opinion.id), isFinal);
        vm.assertEq(verdicts.omissionsOf(COORDINATOR), _omissions, "omissions");
    }

    function check(uint256 i) external view {
        Opinion memory opinion = _opinions[i];
        IRoundLedger.Study memory study = ledger.study(opinion.id);
        vm.assertEq(study.head, opinion.head, "head");
        vm.assertEq(study.model, opinion.model, "model");
        vm.assertEq(study.lastRound, opinion.lastRound, "last round");
        vm.assertEq(study.outcome, opinion.outcome, "outcome");
        vm.assertEq(_hashes[i].length, opinion.lastRound, "one hash a round");
        for (uint32 round = 1; round <= opinion.lastRound; ++round) {
            vm.assertEq(ledger.recordHash(opinion.id, round), _hashes[i][round - 1], "past record");
        }
        vm.assertEq(ledger.recordHash(opinion.id, 0), 0, "round 0");
        vm.assertEq(ledger.recordHash(opinion.id, opinion.lastRound + 1), 0, "next round");
        for (uint256 j; j < _slots.length; ++j) {
            (uint32 rounds, uint64 samples) = ledger.totals(opinion.id, _slots[j]);
            vm.assertEq(rounds, _rounds[i][_slots[j]], "rounds");
            vm.assertEq(samples, _samples[i][_slots[j]], "samples");
            vm.assertEq(dataUse.isLive(opinion.id, _slots[j]), _until[i][_slots[j]] > block.timestamp);
        }
        uint16[] memory roster = ledger.roster(opinion.id);
        uint256 next;
        for (uint256 j; j < _slots.length; ++j) {
            uint16 slot = _slots[j];
            bool expected = opinion.started ? _onRoster[i][slot] : _joined[i][slot] && _until[i][slot] > block.timestamp;
            if (expected) vm.assertEq(roster[next++], slot, "roster");
        }
        vm.assertEq(roster.length, next, "roster size");
    }

    function recorded() external view returns (uint256) {
        return _hashes[0].length + _hashes[1].length;
    }

    // How it works inside.

    function everJoined(uint256 i) private view returns (uint256 count) {
        for (uint256 j; j < _slots.length; ++j) {
            if (_everJoined[i][_slots[j]]) ++count;
        }
    }

    function hasVoted(uint256 i, uint32 round, uint16 slot, uint16 voter) private view returns (bool) {
        uint16[] memory votes = _votes[i][round][slot];
        for (uint256 j; j < votes.length; ++j) {
            if (votes[j] == voter) return true;
        }
        return false;
    }

    function slice(bytes memory entries, uint256 at) private pure returns (bytes memory part) {
        part = new bytes(64);
        for (uint256 j; j < 64; ++j) {
            part[j] = entries[at + j];
        }
    }

    function pick(uint256 seed) private view returns (uint16) {
        return _slots[seed % _slots.length];
    }

    function time() private view returns (uint64) {
        return uint64(block.timestamp);
    }

    function join(uint256 i, uint16 slot, uint64 until) private {
        grant(_opinions[i].id, slot, until);
        (_joined[i][slot], _until[i][slot], _everJoined[i][slot]) = (true, until, true);
    }

    function link(uint256 i, bytes32 hash) private {
        _opinions[i].head = keccak256(abi.encode(_opinions[i].head, hash));
    }

    /// @notice Entries for the roster, ascending, with whatever status `seed` and the grants allow.
    function invent(uint256 i, uint256 seed, bool mayInclude)
        private
        view
        returns (bytes memory entries, uint256 count)
    {
        for (uint256 j; j < _slots.length; ++j) {
            uint16 slot = _slots[j];
            if (!_onRoster[i][slot]) continue;
            uint256 dice = uint256(keccak256(abi.encode(seed, slot)));
            bool includable = mayInclude && !_suspended[slot] && _until[i][slot] > block.timestamp;
            uint256 samples = (dice >> 16) % (1 << (1 + (dice >> 8) % 40));
            if (includable && dice % 4 != 0) {
                entries = bytes.concat(entries, entry(bytes32(dice), samples, 0, INCLUDED, slot));
                ++count;
            } else if (dice % 2 == 0) {
                entries = bytes.concat(entries, entry(bytes32(dice), samples, 1 + (dice >> 64) % 8, EXCLUDED, slot));
            } else {
                entries = bytes.concat(entries, entry(0, 0, dice % 3, dice % 8 > 3 ? ABSENT : NOT_SELECTED, slot));
            }
        }
    }

    struct Told {
        uint8 outcome;
        bytes32 base;
        bytes32 global;
        bytes32 manifest;
        bytes32 hash;
        bytes32 head;
    }

    /// @notice Rebuilds record, head and totals from a record's events.
    function readBack(uint256 i, Vm.Log[] memory logs) private {
        Opinion storage opinion = _opinions[i];
        _newestEntries[i] = readEntries(i, logs);
        bytes32 entriesHash = keccak256(_newestEntries[i]);
        vm.assertEq(logs[logs.length - 1].topics[0], IRoundLedger.RoundRecorded.selector);
        Told memory told = abi.decode(logs[logs.length - 1].data, (Told));
        vm.assertEq(told.base, opinion.model);
        ++opinion.lastRound;
        vm.assertEq(told.hash, hashOf(opinion.id, opinion.lastRound, told, entriesHash), "record hash");
        link(i, told.hash);
        vm.assertEq(told.head, opinion.head, "head in the event");
        opinion.model = told.global;
        _newest[i] = IVerdicts.Record(told.outcome, told.base, told.global, told.manifest, time());
        _hashes[i].push(told.hash);
    }

    function hashOf(bytes32 id, uint32 round, Told memory told, bytes32 entriesHash) private view returns (bytes32) {
        bytes memory first = abi.encode(keccak256("syndic.round.v1"), id, round, told.outcome);
        return keccak256(bytes.concat(first, abi.encode(told.base, told.global, told.manifest, time(), entriesHash)));
    }

    function readEntries(uint256 i, Vm.Log[] memory logs) private returns (bytes memory entries) {
        for (uint256 j; j + 1 < logs.length; ++j) {
            vm.assertEq(logs[j].topics[0], IRoundLedger.UpdateRecorded.selector);
            vm.assertEq(logs[j].topics[1], _opinions[i].id);
            vm.assertEq(uint256(logs[j].topics[2]), _opinions[i].lastRound + 1);
            uint16 slot = uint16(uint256(logs[j].topics[3]));
            vm.assertTrue(_onRoster[i][slot]);
            (uint8 status, uint8 reason, bytes32 update, uint64 samples) =
                abi.decode(logs[j].data, (uint8, uint8, bytes32, uint64));
            entries = bytes.concat(entries, entry(update, samples, reason, status, slot));
            if (status != INCLUDED) continue;
            _rounds[i][slot] += 1;
            _samples[i][slot] += samples;
        }
    }
}
