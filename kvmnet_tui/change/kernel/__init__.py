"""The kernel's part of a change, as lines of `ip -batch`: making it so, and putting it back. Pure.

Make before break: new devices are complete before anything that works is touched, and what carries
a session moves in one batch, within milliseconds. A rollback says how everything was, so that it
may run at any point of a trial, and twice.
"""

from kvmnet_tui.change.kernel.making import lacp_proof, proof_alone, trial
from kvmnet_tui.change.kernel.restoring import addresses_again, rollback, touched
from kvmnet_tui.change.kernel.words import LACP, bond_mode

__all__ = [
    "LACP",
    "addresses_again",
    "bond_mode",
    "lacp_proof",
    "proof_alone",
    "rollback",
    "touched",
    "trial",
]
