"""What argparse of Python 3.11 to 3.14 says to a user, in words of its own.

argparse asks our catalogue for them; the list is fixed so that the catalogue does not depend on
the interpreter that extracts it. A test compares it with the argparse at hand.
"""

SHOWN: tuple[str | tuple[str, str], ...] = (
    "usage: ",
    "options",
    "positional arguments",
    "subcommands",
    "%(heading)s:",
    "show this help message and exit",
    "show program's version number and exit",
    " (default: %(default)s)",
    "%(prog)s: error: %(message)s\n",
    "%(prog)s: warning: %(message)s\n",
    "argument %(argument_name)s: %(message)s",
    "argument '%(argument_name)s' is deprecated",
    "command '%(parser_name)s' is deprecated",
    "option '%(option)s' is deprecated",
    "ambiguous option: %(option)s could match %(matches)s",
    "can't open '%(filename)s': %(error)s",
    "expected one argument",
    "expected at least one argument",
    "expected at most one argument",
    ("expected %s argument", "expected %s arguments"),
    "ignored explicit argument %r",
    "invalid %(type)s value: %(value)r",
    "invalid choice: %(value)r (choose from %(choices)s)",
    "invalid choice: %(value)r, maybe you meant %(closest)r? (choose from %(choices)s)",
    "not allowed with argument %s",
    "one of the arguments %s is required",
    "the following arguments are required: %s",
    "unexpected option string: %s",
    "unknown parser %(parser_name)r (choices: %(choices)s)",
    "unrecognized arguments: %s",
)

# Said to whoever wrote a parser wrongly, never to its user.
TO_PROGRAMMERS = {
    "%r is not callable",
    "'required' is an invalid argument for positionals",
    ".__call__() not defined",
    'argument "-" with mode %r',
    "cannot have multiple subparser arguments",
    "cannot merge actions - two groups are named %r",
    ("conflicting option string: %s", "conflicting option strings: %s"),
    "conflicting subparser alias: %s",
    "conflicting subparser: %s",
    "dest= is required for options like %r",
    "invalid conflict_resolution value: %r",
    "invalid option string %(option)r: must start with a character %(prefix_chars)r",
    "mutually exclusive arguments must be optional",
}
