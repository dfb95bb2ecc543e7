"""The host's routes, as far as they say which addresses are taken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """A route to a subnet (`10.0.0.0/8`) through the link with this index; 0 for no link."""

    destination: str
    link_index: int = 0
    gateway: str = ""
