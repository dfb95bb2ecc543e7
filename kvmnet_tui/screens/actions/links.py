"""What can be done on the Links screen."""

from kvmnet_tui.screens.actions.hosting import NEW_BOND, NEW_BRIDGE

ACTIONS = (NEW_BRIDGE, NEW_BOND)
