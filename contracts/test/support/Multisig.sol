// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice An account that is a contract: a multisig that has agreed to one digest, and acts when it is told to.
contract Multisig {
    bytes32 private immutable _agreed;

    constructor(bytes32 agreed) {
        _agreed = agreed;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == _agreed ? this.isValidSignature.selector : bytes4(0);
    }

    function act(address target, bytes calldata data) external {
        (bool ok, bytes memory answer) = target.call(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }
}
