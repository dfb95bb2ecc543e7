"""Every screen as text, in English and Chinese, readable in a diff."""

import gettext
import time
from collections.abc import Iterator

import pytest

from kvmnet_tui import i18n
from kvmnet_tui.app import AppSettings
from kvmnet_tui.present.glyphs import ASCII, UNICODE, use_glyphs
from kvmnet_tui.screens.tabs import TABS
from tests.support import pictures
from tests.support.goldens import assert_golden
from tests.support.screens import on_stage

SIZES = {"80x24": (80, 24), "160x45": (160, 45)}


def assert_screen(name: str, text: str) -> None:
    assert_golden(f"screens/{name}.txt", f"{text}\n")


@pytest.fixture(params=["en", "zh_CN"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(variable, "")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    use_glyphs(UNICODE)
    i18n.use_language(request.param)
    yield request.param
    i18n.use_language("en")
    gettext.textdomain("messages")
    use_glyphs(None)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tab", [tab.name for tab in TABS])
async def test_every_screen_and_its_detail_look_as_agreed(
    tab: str, size: str, language: str
) -> None:
    number = [one.name for one in TABS].index(tab) + 1
    async with on_stage(pictures.after_failover(), SIZES[size]) as stage:
        await stage.press(str(number))
        await stage.until(lambda: stage.app.screen.tab.name == tab)
        await stage.press("j")
        assert_screen(f"{language}/{tab}-{size}", stage.text)
        await stage.press("enter")
        assert_screen(f"{language}/{tab}-{size}-detail", stage.text)


@pytest.mark.parametrize("size", SIZES)
async def test_the_help_looks_as_agreed(size: str, language: str) -> None:
    async with on_stage(pictures.course_host(), SIZES[size]) as stage:
        await stage.press("question_mark")
        assert_screen(f"{language}/help-{size}", stage.text)


async def test_a_lab_without_libvirt_looks_as_agreed(language: str) -> None:
    settings = AppSettings(read_only=True, lab=True)
    async with on_stage(pictures.without_libvirt(), settings=settings) as stage:
        assert_screen(f"{language}/lab-without-libvirt", stage.text)


@pytest.mark.parametrize("language", ["en"], indirect=True)
async def test_an_ascii_terminal_gets_ascii(language: str) -> None:
    use_glyphs(ASCII)
    async with on_stage(pictures.after_failover()) as stage:
        await stage.press("2", "s")
        assert stage.text.isascii()
        assert_screen("en/ascii", stage.text)
