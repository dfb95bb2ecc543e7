"""The commands that ask for something to be done, a module each, loaded when it is called.

A module has `add_arguments(parser, options)`, where `options` is what may stand everywhere (a
parent for the parsers of the module's own verbs), and `run(said, shop) -> exit status`.
"""

from collections.abc import Mapping

from kvmnet_tui.i18n import N_

# Command -> what it does, in a line of the help.
COMMANDS: Mapping[str, str] = {
    "bridge": N_("make, fill, empty and remove bridges without losing the session"),
    "change": N_("see, keep, extend, take back and undo changes of the host's networking"),
    "network": N_("change networks: start, stop, restart, new, set, define, pin..."),
    "nic": N_("list, add, move, change, detach and reach guests' NICs"),
    "bond": N_("show, watch, try, make and remove bonds, and their history"),
    "record": N_("record everything that happens, for replay"),
    "replay": N_("look at a recording in the screens"),
}
