from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kvmnet_tui.present.text import clean, clean_block, cut, padded

# Surrogates too: names that are not UTF-8 arrive with them.
any_text = st.text(st.characters(codec=None, exclude_categories=()))


def test_ordinary_and_chinese_names_stay_as_they_are() -> None:
    for name in ("virbr0", "[red]", "网络 default", "é\u0301"):
        assert clean(name) == name


def test_escapes_controls_and_bidi_marks_are_shown_and_not_obeyed() -> None:
    assert clean("a\x1b[31mb") == "a\\x1b[31mb"
    assert clean("line\nline\ttab\x07") == "line\\x0aline\\x09tab\\x07"
    assert clean("evil\u202etxt") == "evil\\u202etxt"
    assert clean("\udcff") == "\\udcff"
    assert clean("\x9b31m") == "\\x9b31m"
    assert clean("\U000e0001") == "\\U000e0001"


@given(any_text)
def test_cleaned_text_prints_on_one_line_whatever_it_was(text: str) -> None:
    assert clean(text).isprintable()
    clean(text).encode()


@given(any_text)
def test_a_cleaned_block_keeps_its_lines_and_nothing_else_that_moves(text: str) -> None:
    assert all(line.isprintable() for line in clean_block(text).split("\n"))


def test_a_block_keeps_indentation_and_loses_its_last_line_end() -> None:
    assert clean_block("<a>\r\n\t<b/>\n</a>\n") == "<a>\n    <b/>\n</a>"


@given(st.text(st.characters(categories=["L", "N", "P"])), st.integers(1, 30))
def test_cut_text_fits_and_says_that_it_was_cut(text: str, width: int) -> None:
    shown = cut(text, width, "…")
    assert cell_len(shown) <= width
    assert (shown == text) is (cell_len(text) <= width)


def test_wide_characters_are_padded_by_the_cells_they_fill() -> None:
    assert padded("网络", 6) == "网络  "
    assert padded("网络", 6, right=True) == "  网络"
    assert padded("too long", 3) == "too long"
