"""libvirt's own RELAX NG schema, where it is installed: what in a document does not satisfy it.

libxml2 names the outermost element that does not fit. What is wrong lies deeper, mostly: the one
attribute or element without which the document would be right.
"""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kvmnet_tui.i18n import _
from kvmnet_tui.netxml.reading import XmlProblem
from kvmnet_tui.netxml.syntax import parse, problem_at

FOLDER = Path("/usr/share/libvirt/schemas")
_MISSING = re.compile(r"Expecting an element (\S+), got nothing")
LOOKED_AT = 400  # elements tried one by one: more would take longer than a keystroke may


def schema_problem(text: str, root: str = "network", folder: Path = FOLDER) -> XmlProblem | None:
    """What is wrong with a document of `root`; None when nothing is, as far as can be told here."""
    try:
        parse(text, root)
    except XmlProblem as problem:
        return problem
    schema = _schema(folder / f"{root}.rng")
    if schema is None:
        return None
    from lxml import etree  # noqa: PLC0415 - loaded when somebody edits

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    document = etree.fromstring(text.encode(), parser)
    if schema.validate(document):
        return None
    first = next((error for error in schema.error_log if error.line), None)
    said = first.message if first else _("it does not satisfy libvirt's schema")
    line = first.line if first else 1
    return _culprit(schema, document) or problem_at(line, _in_our_words(said))


def _in_our_words(said: str) -> str:
    """libxml2's sentence, or ours for what is missing."""
    missing = _MISSING.fullmatch(said)
    if missing is None:
        return said
    return _("libvirt's schema wants a <{tag}> in here").format(tag=missing[1])


@functools.cache
def _schema(path: Path) -> Any:
    from lxml import etree  # noqa: PLC0415

    try:
        return etree.RelaxNG(file=str(path))
    except (OSError, etree.LxmlError):  # not installed, or newer than this libxml2 understands
        return None


def _culprit(schema: Any, document: Any) -> XmlProblem | None:
    """The attribute or element without which the document would be right, the innermost of all."""
    for element in reversed(list(_elements(document))[:LOOKED_AT]):
        tag = _bare(element.tag)
        for name, value in list(element.attrib.items()):
            del element.attrib[name]
            if schema.validate(document):
                wrong = _("libvirt's schema does not allow {name}='{value}' in <{tag}>")
                said = wrong.format(name=_bare(name), value=value, tag=tag)
                return problem_at(element.sourceline, said)
            element.attrib[name] = value
    for element in reversed(list(_elements(document))[1:LOOKED_AT]):
        parent, at = element.getparent(), element.getparent().index(element)
        tail = element.tail
        parent.remove(element)
        if schema.validate(document):
            wrong = _("libvirt's schema does not allow this <{tag}> in <{parent}>")
            said = wrong.format(tag=_bare(element.tag), parent=_bare(parent.tag))
            return problem_at(element.sourceline, said)
        parent.insert(at, element)
        element.tail = tail
    return None


def _elements(document: Any) -> Iterator[Any]:
    return (each for each in document.iter() if isinstance(each.tag, str))


def _bare(name: str) -> str:
    return name.rpartition("}")[2]
