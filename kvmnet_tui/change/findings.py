"""What the pre-flight found: fine, worth knowing, or in the way."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How grave a finding is; BLOCKED keeps the change from being started."""

    OK = "ok"
    WARNING = "warning"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line, translated; `about` is the wish's part it concerns (name, uplink, address...)."""

    verdict: Verdict
    text: str
    about: str = ""


def is_blocked(findings: tuple[Finding, ...]) -> bool:
    """Whether something is in the way."""
    return any(finding.verdict is Verdict.BLOCKED for finding in findings)
