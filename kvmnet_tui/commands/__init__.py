"""The commands that ask for something to be done, a module each, loaded when it is called.

A module has `add_arguments(parser)` and `run(said, shop) -> exit status`.
"""

from collections.abc import Mapping

# Command -> what it does, in a line of the help.
COMMANDS: Mapping[str, str] = {}
