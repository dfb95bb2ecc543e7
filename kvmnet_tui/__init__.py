"""kvmnet-tui: see, test and change a KVM host's networking from a terminal."""

__version__ = "0.1.0"
