"""The outside worlds: the only modules that know a library or a path."""
