"""What can be done on the Guests screen: all about the NICs under the guests."""

from kvmnet_tui.screens.actions.nics import ACTIONS

__all__ = ["ACTIONS"]
