"""Finds texts in the source that a user would see untranslated."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TRANSLATE = {"_", "N_", "ngettext"}
# What these are given is shown as it is.
SHOWING = {
    "Button", "Cell", "Item", "Label", "Static", "Text", "add_row", "error", "notify", "plain",
    "print", "update", "write",
}  # fmt: skip
SHOWING_KEYWORDS = {"description", "epilog", "help", "label", "metavar", "placeholder", "tooltip"}
SHOWING_ATTRIBUTES = {"border_subtitle", "border_title", "placeholder", "sub_title", "tooltip"}
SAME_IN_EVERY_LANGUAGE = re.compile("kvmnet-tui|URI")
PROSE = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")
WORD = re.compile(r"[A-Za-z]{2,}")
STYLE = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Literal:
    """A text that skips gettext."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text!r}"


def untranslated_literals(path: Path, name: str, *, prose: bool) -> list[Literal]:
    """Texts of one module that would be shown as they stand.

    `prose` also takes two words in a row for a text, wherever they stand: right for modules that
    make texts, wrong for those that speak with kernels and daemons.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    exempt = {id(node) for node in _exempt_nodes(tree)}
    shown = {id(node) for node in _shown_nodes(tree)}
    return [
        Literal(name, node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in exempt
        and ((prose and PROSE.search(node.value)) or (id(node) in shown and _word_in(node.value)))
    ]


def _word_in(value: str) -> bool:
    return WORD.search(SAME_IN_EVERY_LANGUAGE.sub("", STYLE.sub("", value))) is not None


def _exempt_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Already translated, or no text: docstrings, patterns, format codes, words to look up."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.Call) and _called(node) in TRANSLATE | {"compile", "strftime"}:
            for argument in node.args:
                yield from ast.walk(argument)
        elif isinstance(node, ast.FormattedValue):
            yield from _format_codes(node)
        elif isinstance(node, ast.Dict):
            yield from filter(None, node.keys)
        elif isinstance(node, (ast.Set, ast.Compare)):
            yield from ast.walk(node)


def _format_codes(node: ast.FormattedValue) -> Iterator[ast.AST]:
    if node.format_spec is not None:
        yield from ast.walk(node.format_spec)


def _shown_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Constants that reach the screen: arguments of what shows text, and titles."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _shown_arguments(node)
        elif isinstance(node, ast.Assign) and any(
            getattr(target, "attr", "") in SHOWING_ATTRIBUTES for target in node.targets
        ):
            yield from _text_parts(node.value)


def _shown_arguments(call: ast.Call) -> Iterator[ast.AST]:
    name = _called(call)
    if name in SHOWING and call.args:
        yield from _text_parts(call.args[0])
    if name == "Binding" and len(call.args) > 2:
        yield from _text_parts(call.args[2])
    for keyword in call.keywords:
        if keyword.arg in SHOWING_KEYWORDS:
            yield from _text_parts(keyword.value)


def _text_parts(node: ast.expr) -> Iterator[ast.AST]:
    """A literal, or the literal pieces of an f-string."""
    if isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.Constant):
        yield node


def _called(call: ast.Call) -> str:
    function = call.func
    return getattr(function, "id", "") or getattr(function, "attr", "")
