"""Every text a user sees is translated, and the right language is chosen."""

import argparse
import ast
import gettext
import os
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_file
from rich.cells import cell_len

from kvmnet_tui import i18n
from kvmnet_tui.screens.tabs import TABS
from tests.support import argparse_messages, catalogue
from tests.support.literals import untranslated_literals

CATALOGUES = catalogue.catalogue_files()
# Modules that speak with kernels, daemons and tools: what they tell users is found by use alone.
NO_PROSE = (
    "lab/", "model/", "sources/", "change/", "codec.py", "drill/prober.py",
    "recording/format.py", "present/drill_svg.py",
)  # fmt: skip


@pytest.fixture
def language_restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(variable, "")
    yield
    i18n.use_language("en")
    gettext.textdomain("messages")


def by_language(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=path.parts[-3]) for path in paths]


def listed(found: object) -> str:
    return "\n".join(map(str, found))  # type: ignore[call-overload]


def test_there_is_a_chinese_catalogue() -> None:
    assert "zh_CN" in {path.parts[-3] for path in CATALOGUES}


@pytest.mark.parametrize("path", by_language(CATALOGUES))
def test_a_catalogue_holds_every_text_and_no_other(path: Path) -> None:
    known = {message.id for message in catalogue.messages(catalogue.read(path))}
    needed = {message.id for message in catalogue.messages(catalogue.extract())}
    assert not needed - known, f"run python -m tests.support.catalogue:\n{listed(needed - known)}"
    assert not known - needed, f"no longer in the source:\n{listed(known - needed)}"
    assert not catalogue.read(path).obsolete


def test_no_text_hides_from_the_extraction_in_an_f_string() -> None:
    found = {message.id for message in catalogue.messages(catalogue.extract())}
    known = {text for each in found for text in ((each,) if isinstance(each, str) else each)}
    hidden = [
        (path.name, text)
        for path in sorted(catalogue.PACKAGE.rglob("*.py"))
        for text in marked_texts(ast.parse(path.read_text(encoding="utf-8")))
        if text not in known
    ]
    assert not hidden, listed(hidden)


def marked_texts(tree: ast.AST) -> Iterator[str]:
    """What `_`, `N_` and `ngettext` are called with, wherever these calls stand."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in catalogue.KEYWORDS
        ):
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


@pytest.mark.parametrize("path", by_language(CATALOGUES))
def test_every_text_is_translated(path: Path) -> None:
    left = catalogue.untranslated(catalogue.read(path))
    assert not left, f"{len(left)} texts have no translation:\n{listed(left)}"


@pytest.mark.parametrize("path", by_language(CATALOGUES))
def test_placeholders_and_edges_survive_translation(path: Path) -> None:
    broken = [
        (message.id, text)
        for message in catalogue.messages(catalogue.read(path))
        for text in catalogue.translations(message)
        if text and shape(text) not in [shape(each) for each in originals(message)]
    ]
    assert not broken, listed(broken)


def originals(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def shape(text: str) -> tuple[list[str], list[str], list[bool]]:
    """The fields of a text, named or `%`, and what a caller relies on at its ends."""
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        fields = []
    codes = argparse_fields(text)
    return sorted(fields), codes, [text.startswith(" "), text.endswith(" "), text.endswith("\n")]


def argparse_fields(text: str) -> list[str]:
    """`%s`, `%r` in their order; `%(name)s` in any."""
    pieces = text.split("%")[1:]
    named = sorted(piece[: piece.index(")") + 2] for piece in pieces if piece.startswith("("))
    return named + [piece[0] for piece in pieces if piece[:1] in ("s", "r", "d")]


def test_no_text_reaches_the_screen_past_gettext() -> None:
    found = [
        literal
        for path in sorted(catalogue.PACKAGE.rglob("*.py"))
        for name in [path.relative_to(catalogue.PACKAGE).as_posix()]
        for literal in untranslated_literals(path, name, prose=not name.startswith(NO_PROSE))
    ]
    assert not found, listed(found)


def test_a_text_past_gettext_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        '"""A docstring of words."""\n'
        "BINDINGS = [Binding('q', 'quit', 'Quit'), Binding('x', 'cut', _('Cut it out'))]\n"
        "app.notify(f'[b]{name}[/b] vanished')\n"
        "words = {'going down': N_('going down')}\n"
        "note = 'nothing to see'\n"
        "self.border_title = 'Ports'\n"
        "parser.add_argument('--json', help='print JSON')\n"
    )
    found = untranslated_literals(module, "module.py", prose=True)
    assert {literal.text for literal in found} == {
        "Quit",
        "[/b] vanished",
        "nothing to see",
        "Ports",
        "print JSON",
    }


def test_the_list_of_argparse_words_is_complete_for_this_python() -> None:
    keywords = {"_": None, "ngettext": (1, 2)}
    said = extract_from_file("python", argparse.__file__, keywords=keywords)
    known = {*argparse_messages.SHOWN, *argparse_messages.TO_PROGRAMMERS}
    assert {message for _, message, _, _ in said} <= known


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ("zh", "zh_CN"),
        ("zh_CN", "zh_CN"),
        ("zh-cn", "zh_CN"),
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh_Hans@pinyin", "zh_CN"),
        ("en", "en"),
        ("en_GB.UTF-8", "en"),
        ("C", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("xx", "en"),
        ("", "en"),
        ("../..", "en"),
    ],
)
def test_a_wish_finds_its_language(language_restored: None, wish: str, code: str) -> None:
    assert i18n.use_language(wish) == code
    assert i18n._("options") == ("选项" if code == "zh_CN" else "options")


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:zh_CN:en"}, "zh_CN"),
        ({}, "en"),
    ],
)
def test_without_a_wish_the_locale_decides(
    language_restored: None,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    code: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert i18n.use_language() == code


def test_an_unknown_language_is_answered_with_the_known_ones(language_restored: None) -> None:
    assert i18n.unknown_language("zh_CN.UTF-8") is None
    assert i18n.unknown_language("tlh") == ("No texts in the language “tlh”; there are: en, zh_CN")


PARSER = """
import argparse
from kvmnet_tui.i18n import use_language
use_language("zh")
parser = argparse.ArgumentParser(prog="kvmnet-tui")
parser.add_argument("--wait", type=int)
parser.add_argument("what", choices=["links"])
parser.parse_args()
"""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--help"], ["用法：", "位置参数", "选项", "显示此帮助信息并退出"]),
        (
            ["links", "--wait", "x"],
            ["用法：", "kvmnet-tui：错误：", "参数 --wait：无效的 int 值："],
        ),
        (["nets"], ["参数 what：无效的选择：'nets'"]),
        ([], ["缺少以下必需的参数：what"]),
        (["links", "more"], ["无法识别的参数：more"]),
    ],
)
def test_argparse_speaks_chinese(arguments: list[str], told: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", PARSER, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"LANG": "C.UTF-8"},
        check=False,
    )
    for words in told:
        assert words in answer.stdout + answer.stderr


@pytest.mark.parametrize("path", by_language(CATALOGUES))
def test_column_titles_fit_their_columns(language_restored: None, path: Path) -> None:
    i18n.use_language(path.parts[-3])
    too_wide = [
        (tab.name, column.title, i18n._(column.title))
        for tab in TABS
        for column in tab.make_view().columns
        if cell_len(i18n._(column.title)) > column.width
    ]
    assert not too_wide, listed(too_wide)
