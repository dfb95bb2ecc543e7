"""The pre-flight's checks: of links, of bonds, of addresses and options, and of the host. Pure."""
