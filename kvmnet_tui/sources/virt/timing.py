"""How long the libvirt source waits for what, in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """`open`: for a connection; `audit`: between audits; retries wait doubly long each time.

    `keepalive`: between questions to a silent daemon; three unanswered ones end the connection.
    """

    open: float = 10.0
    first_retry: float = 1.0
    last_retry: float = 30.0
    audit: float = 5.0
    keepalive: int = 5
