"""References inside a folder or a zip: from what a document says to a path below the root, or a refusal.

Providers' tools write one file in many ways: ``./a.xsd``, ``sub/../a.xsd``, ``a%2Exsd``, ``A.XSD``, ``a.xsd#x``,
``..\\common\\a.xsd``.  All must come out as one path, and none may leave the root.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from esb.wsdl.refuse import Forbidden, shown

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WEB = re.compile(r"https?://", re.IGNORECASE)


def below_root(base: str, reference: str) -> Iterator[str]:
    """The paths that ``reference`` in the document at ``base`` may mean, likeliest first.

    Args:
        base: path of the referring document below the root, with ``/``.
        reference: as written in ``location`` or ``schemaLocation``.

    Yields:
        Normal paths without ``.`` and ``..``.  A web address yields its mirrored place, ``host/path``, where a tool
        that copies sites to a folder would have put it.

    Raises:
        Forbidden: a ``file:`` or other scheme, an absolute path, a drive or a share, or a way out of the root.
    """
    text = reference.strip()
    if "\x00" in text or "%00" in text:
        raise Forbidden(f"the reference {shown(reference)} holds a NUL")
    if _WEB.match(text):
        host, _, path = text.split("//", 1)[1].partition("/")
        for spelled in _spellings(path):
            yield _normal([], f"{host.lower()}/{spelled}", reference)
        return
    for spelled in _spellings(text):
        # Looked at after decoding too: %66ile: and %2Fetc mean what they mean once the path is opened.
        if spelled.startswith("/") or _SCHEME.match(spelled):
            raise Forbidden(
                f"the reference {shown(reference)} is not a relative path: "
                "put the document into the bundle and refer to it relatively"
            )
    folder = base.split("/")[:-1]
    for spelled in _spellings(text):
        if spelled:
            yield _normal(folder, spelled, reference)


def _spellings(text: str) -> Iterator[str]:
    slashed = text.replace("\\", "/")
    plain = re.split(r"[?#]", slashed, maxsplit=1)[0]
    yield from dict.fromkeys((plain, unquote(plain).replace("\\", "/"), slashed, unquote(slashed).replace("\\", "/")))


def _normal(folder: list[str], path: str, reference: str) -> str:
    parts = list(folder)
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            raise Forbidden(
                f"the reference {shown(reference)} leads out of the bundle: "
                "register the folder or zip that holds both documents, and name the main WSDL in it"
            )
    return "/".join(parts)


def is_web(reference: str) -> bool:
    """Whether the reference is an http or https address."""
    return _WEB.match(reference.strip()) is not None
