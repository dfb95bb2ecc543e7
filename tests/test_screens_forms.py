"""Forms on the terminal: steps, findings beside the fields, the preview, and giving up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from textual import events
from textual.widgets import Input

from kvmnet_tui.forms.form import FieldKind, Finding, FormField, Option, Step, Values
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.table import Section, Severity
from kvmnet_tui.requests import Request
from kvmnet_tui.screens.form import FormScreen
from tests.support import pictures
from tests.support.screens import Stage, on_stage


@dataclass(frozen=True)
class Made(Request):
    """What the test's form ends in."""

    values: dict[str, Any]

    @property
    def title(self) -> str:
        return "Make it"


class BridgeForm:
    """A small form with a field of every kind."""

    title = "New bridge"

    def initial(self, state: HostState) -> Values:
        return {"name": "", "mode": "nat", "stp": False, "ports": (), "xml": "", "delay": "0"}

    def steps(self, state: HostState, values: Values) -> tuple[Step, ...]:
        modes = (
            Option("nat", "NAT", "guests reach the outside"),
            Option("bridge", "bridge", why_not="no uplink is free"),
            Option("route", "routed"),
        )
        links = tuple(Option(name, name) for name in ("ens32", "ens36"))
        delay = (FormField("delay", "Delay"),) if values["stp"] else ()
        return (
            Step(
                "Name",
                "A bridge needs a name.",
                (
                    FormField("name", "Name", hint="at most 15 characters"),
                    FormField("mode", "Mode", FieldKind.CHOICE, modes),
                    FormField("stp", "Spanning tree", FieldKind.TOGGLE),
                    *delay,
                ),
            ),
            Step("Ports", "", (FormField("ports", "Ports", FieldKind.MANY, links),)),
        )

    def changed(self, state: HostState, values: Values, name: str) -> Values:
        if name == "stp":
            return {**values, "delay": "15" if values["stp"] else "0"}
        return values

    def findings(self, state: HostState, values: Values) -> tuple[Finding, ...]:
        found = []
        if not values["name"]:
            found.append(Finding(Severity.ERROR, "A name is missing.", "name"))
        if state.link_named(values["name"]):
            found.append(Finding(Severity.ERROR, "This name is taken.", "name"))
        if values["stp"]:
            found.append(Finding(Severity.WARNING, "STP keeps ports silent for 30 s."))
        return tuple(found)

    def preview(self, state: HostState, values: Values) -> tuple[Section, ...]:
        return (Section("", text=f"<bridge name='{values['name']}'/>", language="xml"),)

    def request(self, state: HostState, values: Values) -> Request:
        return Made(dict(values))

    def text(self, state: HostState, values: Values) -> str:
        return f"<bridge name='{values['name']}'/>"

    def check_text(self, text: str) -> tuple[str, int] | None:
        return None if text.startswith("<") else ("This is no XML.", 1)

    def edited(self, state: HostState, values: Values, text: str) -> Values:
        return {**values, "xml": text}


class Table:
    """The app with a form open, and what it returned."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.answers: list[Request | None] = []

    @property
    def values(self) -> dict[str, Any]:
        (answer,) = self.answers
        assert isinstance(answer, Made)
        return answer.values

    async def until_closed(self) -> None:
        await self.stage.until(lambda: self.answers)


@asynccontextmanager
async def open_form(size: tuple[int, int] = (80, 24)) -> AsyncIterator[Table]:
    async with on_stage(pictures.course_host(), size) as stage:
        table = Table(stage)
        stage.app.push_screen(FormScreen(BridgeForm(), stage.app.state), table.answers.append)
        await stage.sees("step 1 of 3")
        await stage.until(lambda: stage.app.focused is not None)
        yield table


async def test_a_form_is_filled_in_with_the_keyboard_alone() -> None:
    async with open_form() as table:
        stage = table.stage
        await stage.sees("at most 15 characters")
        await stage.press(*"br7", "down", "down", "down", "enter")
        await stage.sees("step 2 of 3: Ports")
        await stage.press("space", "enter")
        await stage.sees("step 3 of 3: Preview")
        assert "<bridge name='br7'/>" in stage.text
        await stage.press("enter")
        await table.until_closed()
        assert table.values == {
            "name": "br7",
            "mode": "route",
            "stp": False,
            "ports": ("ens32",),
            "xml": "",
            "delay": "0",
        }


async def test_no_letter_is_lost_when_several_arrive_at_once() -> None:
    async with open_form() as table:
        (field,) = [one for one in table.stage.app.screen.query(Input) if one.has_focus]
        for letter in "virbr123":
            field.post_message(events.Key(letter, letter))
        await table.stage.sees("virbr123")
        await table.stage.press("enter", "enter", "enter")
        await table.until_closed()
        assert table.values["name"] == "virbr123"


async def test_each_key_of_a_burst_goes_to_the_field_it_was_typed_for() -> None:
    """Over a slow link keys arrive together: nothing may wait for the screen in between."""
    burst = (*"br7", "tab", "down", "tab", "space", "tab", *"5", "enter", "down", "space", "enter",
             "enter")  # fmt: skip
    async with open_form() as table:
        for key in burst:
            letter = " " if key == "space" else key if len(key) == 1 else None
            table.stage.app.post_message(events.Key(key, letter))
        await table.until_closed()
        values = table.values
        assert (values["name"], values["stp"], values["ports"]) == ("br7", True, ("ens36",))
        assert values["delay"] == "155"


async def test_what_is_missing_is_said_beside_the_field_only_when_going_on() -> None:
    async with open_form() as table:
        assert "A name is missing." not in table.stage.text
        await table.stage.press("enter")
        await table.stage.sees("A name is missing.")
        assert "step 1 of 3" in table.stage.text
        await table.stage.press("x")
        await table.stage.sees_no("A name is missing.")


async def test_an_option_that_cannot_be_had_says_why_and_is_not_chosen() -> None:
    async with open_form() as table:
        stage = table.stage
        await stage.sees("no uplink is free")
        await stage.press(*"b", "down", "down", "up", "enter", "enter", "enter")
        await table.until_closed()
        assert table.values["mode"] == "nat"


async def test_a_field_appears_with_the_answer_it_depends_on_and_its_proposal() -> None:
    async with open_form() as table:
        stage = table.stage
        assert "Delay" not in stage.text
        await stage.press("b", "tab", "tab", "space")
        await stage.sees("Delay")
        assert "15" in stage.text
        assert "STP keeps ports silent for 30 s." in stage.text


async def test_a_name_taken_meanwhile_is_found_before_anything_is_done() -> None:
    async with open_form() as table:
        stage = table.stage
        await stage.press(*"br7", "enter", "enter")
        await stage.sees("step 3 of 3")
        state = pictures.course_host()
        index, link = next(iter(state.links.items()))
        links = {**state.links, index: replace(link, name="br7")}
        topology = replace(state.topology, links=links)
        await stage.show(replace(state, links=links, topology=topology))
        await stage.press("enter")
        await stage.sees("This name is taken.")
        assert "step 1 of 3" in stage.text
        assert table.answers == []


async def test_escape_goes_back_and_asks_before_answers_are_lost() -> None:
    async with open_form() as table:
        stage = table.stage
        await stage.press("b", "enter")
        await stage.sees("step 2 of 3")
        await stage.press("escape")
        await stage.sees("step 1 of 3")
        await stage.press("escape")
        await stage.sees("Give up what you answered so far?")
        await stage.press("escape")
        await stage.sees_no("Give up what you answered so far?")
        await stage.press("escape", "y")
        await table.until_closed()
        assert table.answers == [None]


async def test_an_untouched_form_closes_at_once() -> None:
    async with open_form() as table:
        await table.stage.press("escape")
        await table.until_closed()
        assert table.answers == [None]


async def test_the_preview_is_edited_as_text_and_refused_text_is_kept() -> None:
    async with open_form() as table:
        stage = table.stage
        await stage.press("b", "enter", "enter", "ctrl+e")
        await stage.sees("take it")
        await stage.press("x", "ctrl+s")
        await stage.sees("Line 1: This is no XML.")
        assert "x<bridge" in stage.text
        await stage.press("delete", "home", "delete", "ctrl+s")
        await stage.sees("Line 1: This is no XML.")
        await stage.press("<", "ctrl+s")
        await stage.sees("step 3 of 3")
        await stage.press("enter")
        await table.until_closed()
        assert table.values["xml"].startswith("<")


async def test_wide_terminals_show_the_preview_beside_the_fields() -> None:
    async with open_form((160, 45)) as table:
        await table.stage.press(*"br7")
        await table.stage.sees("<bridge name='br7'/>")
        assert "Spanning tree" in table.stage.text
