"""The second opinion on a schema: the ``xmlschema`` library finds what libxml2 lets pass.

In W3C's suite libxml2 accepts 411 of 3,348 invalid schemas, ``xmlschema`` 10.  It runs in the child process only: it is
slow and can be made slower.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Any, Final

import xmlschema
from lxml import etree

from esb.kernel.xml import parse_document
from esb.schemas.arrange import MAIN, Arrangement

_UNREAD: Final = (xmlschema.XMLSchemaIncludeWarning, xmlschema.XMLSchemaImportWarning)


def second_opinion(arrangement: Arrangement) -> list[str]:
    """What ``xmlschema`` has against an arrangement: one sentence each, with the provider's document and line.

    The arranged documents lie in a folder of their own while it reads them, and it may read nothing else.
    """
    with tempfile.TemporaryDirectory(prefix="shluz-schema-") as folder:
        for name, document in arrangement.documents.items():
            (Path(folder) / name).write_bytes(document)
        with warnings.catch_warnings(record=True) as given:
            warnings.simplefilter("always")
            try:
                schema = xmlschema.XMLSchema10(
                    str(Path(folder) / MAIN),
                    validation="lax",
                    allow="sandbox",
                    defuse="always",
                    base_url=folder,
                    use_fallback=False,
                )
            except (xmlschema.XMLSchemaException, RecursionError, ValueError, TypeError, KeyError, OSError) as error:
                # Some faults of a schema it meets with a plain exception; the schema is unfit all the same.
                return [_told(error, arrangement)]
            except (AttributeError, IndexError, AssertionError) as error:
                # It stumbles over what it did not foresee, such as a restriction of nothing.
                return [
                    f"xmlschema cannot read the schemas ({type(error).__name__}): look for an incomplete definition"
                ]
        # A document that it could not read is only a warning to it, and then it has no opinion on that document.
        unread = [str(one.message) for one in given if issubclass(one.category, _UNREAD)]
        return [*unread, *(_told(error, arrangement) for error in schema.maps.all_errors)]


def _told(error: Exception, arrangement: Arrangement) -> str:
    if isinstance(error, RecursionError):
        return "a definition leads back to itself"
    said = getattr(error, "message", None) or str(error) or type(error).__name__
    name = str(getattr(error, "schema_url", None) or "").rpartition("/")[2]
    if name not in arrangement.documents:
        return str(said)
    line = _line(error, arrangement.documents[name], name)
    return f"{arrangement.origin(name)}{f', line {line}' if line else ''}: {said}"


def _line(error: Any, document: bytes, name: str) -> int | None:
    """The line of the component: xmlschema's own parser keeps none, but the order of elements is the same."""
    element, root = error.elem, error.root
    if element is None or root is None:
        return None
    for ours, theirs in zip(parse_document(document, name).iter(etree.Element), root.iter(), strict=False):
        if theirs is element:
            return ours.sourceline
    return None
