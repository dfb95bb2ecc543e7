"""What a form is: steps of fields, findings about the answers, a preview, and a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.table import Section, Severity
from kvmnet_tui.requests import Request

# By field name: str for TEXT, LINES and CHOICE, bool for TOGGLE, a tuple of str for MANY.
Values = Mapping[str, Any]


class FieldKind(StrEnum):
    """How a field is answered."""

    TEXT = "text"
    LINES = "lines"
    CHOICE = "choice"
    TOGGLE = "toggle"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a CHOICE or MANY. With `why_not` it is shown and cannot be chosen."""

    value: str
    label: str
    hint: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class FormField:
    """One question. Texts translated; `hint` is said while the field has the cursor."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    options: tuple[Option, ...] = ()
    hint: str = ""
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Questions that are asked together, with a sentence or two that explain them."""

    title: str
    intro: str = ""
    fields: tuple[FormField, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the answers: an ERROR must be mended first.

    With `field` it is said beside that field, without beside the whole.
    """

    severity: Severity
    text: str
    field: str = ""


class Form(Protocol):
    """A wizard. `state` is the newest picture: what vanishes meanwhile is found out at once.

    A form whose preview may be edited as text has three methods more: `text(state, values)`, the
    text; `check_text(text)`, what is wrong with one as (sentence, line from 1 or 0), else None;
    `edited(state, values, text)`, the answers with an accepted text in them.
    """

    @property
    def title(self) -> str:
        """What it makes or changes, translated."""

    def initial(self, state: HostState) -> Values:
        """The proposed answers; every field of every step has one."""

    def steps(self, state: HostState, values: Values) -> tuple[Step, ...]:
        """What is asked, given the answers so far: fields that do not apply are left out."""

    def changed(self, state: HostState, values: Values, name: str) -> Values:
        """The answers after the one called `name` was given: proposals that follow from it."""

    def findings(self, state: HostState, values: Values) -> tuple[Finding, ...]:
        """What is wrong or worth saying; called at every keystroke."""

    def preview(self, state: HostState, values: Values) -> tuple[Section, ...]:
        """What would be done, exactly."""

    def request(self, state: HostState, values: Values) -> Request:
        """What to do; asked for only when no finding is an ERROR."""


def errors_of(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that must be mended."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)
