// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Handler} from "./support/Handler.sol";

/// @notice After any sequence of what people may do, and of what they may not.
contract InvariantsTest {
    Handler private _handler;

    function setUp() public {
        _handler = new Handler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @notice Heads exact, rounds gapless, the past as it was, rosters as grants made them, totals as events sum up.
    /// What only the coordinator may do, and entries that do not match the roster, are refused along the way.
    function invariant_TheLedgerIsWhatItsEventsSay() public view {
        for (uint256 i; i < _handler.STUDIES(); ++i) {
            _handler.check(i);
        }
    }

    /// @notice Verdicts, flags and finality as plain rules make them. Whoever may not speak is refused along the way,
    /// and so is every challenge of a coordinator that keeps to its receipts; one that does not is always flagged.
    function invariant_VerdictsAreWhatMembersSaid() public view {
        for (uint256 i; i < _handler.STUDIES(); ++i) {
            _handler.checkVerdicts(i);
        }
    }
}
