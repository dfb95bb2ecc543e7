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


def fine(text: str, about: str = "") -> Finding:
    """A line that says what is as it should be."""
    return Finding(Verdict.OK, text, about)


def warning(text: str, about: str = "") -> Finding:
    """A line that is worth knowing before."""
    return Finding(Verdict.WARNING, text, about)


def blocked(text: str, about: str = "") -> Finding:
    """A line that keeps the change from being started."""
    return Finding(Verdict.BLOCKED, text, about)
