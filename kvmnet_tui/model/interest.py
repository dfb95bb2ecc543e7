"""What somebody is looking at: sources read the costly things only for this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interest:
    """`counters`: read them every second. `forwarding`: indexes of the bridges whose MAC tables are
    shown. `guests`: keep leases and the guests' agents' addresses fresh. `bonds`: keep what LACP
    says fresh. Default: everything once.
    """

    counters: bool = False
    forwarding: frozenset[int] = frozenset()
    guests: bool = False
    bonds: bool = False
