"""Networks on the screen: the wizard's way to a request, refusals where they belong, questions."""

from kvmnet_tui.app import AppSettings
from kvmnet_tui.requests.networks import DefineNetwork, StopNetwork
from tests.support import pictures
from tests.support.screens import on_stage


async def test_the_wizard_ends_in_a_network_to_define() -> None:
    async with on_stage(pictures.course_host(), (100, 40)) as stage:
        await stage.press("n")
        await stage.sees("How do guests on this network reach others?")
        for _step in range(8):
            if "Preview" in stage.text:
                break
            await stage.press("enter")
        await stage.sees("Preview")
        assert "<forward mode='nat'/>" in stage.text
        await stage.press("enter")
        await stage.until(lambda: stage.host.requests)
        (request,) = stage.host.requests
        assert isinstance(request, DefineNetwork)
        assert request.start
        assert "<bridge name=" in request.xml


async def test_a_name_that_is_taken_is_refused_beside_the_name() -> None:
    async with on_stage(pictures.course_host(), (100, 40)) as stage:
        await stage.press("n")
        await stage.sees("How do guests on this network reach others?")
        for _step in range(8):
            if "network1" in stage.text:
                break
            await stage.press("enter")
        await stage.sees("network1")
        await stage.press("ctrl+u", *"default", "enter")
        await stage.sees("×")
        line = next(at for at, text in enumerate(stage.lines) if " default" in text)
        assert "×" in "".join(stage.lines[line : line + 3]), stage.text
        assert stage.host.requests == []


async def test_stopping_a_network_names_the_guests_that_are_hit() -> None:
    async with on_stage(pictures.course_host(), (100, 40)) as stage:
        await stage.press("d")
        await stage.sees("centos6.5")
        assert stage.host.requests == []
        await stage.press("escape")
        await stage.press("d")
        await stage.sees("centos6.5")
        await stage.press("y")
        await stage.until(lambda: stage.host.requests)
        assert isinstance(stage.host.requests[0], StopNetwork)


async def test_read_only_refuses_with_the_reason() -> None:
    settings = AppSettings(read_only=True)
    async with on_stage(pictures.course_host(), (100, 40), settings) as stage:
        await stage.press("n")
        await stage.sees("--read-only")
        await stage.press("a")
        await stage.sees("nothing is changed")
