"""Where a contract comes from: a file, a folder, a zip or a URL, behind one small interface."""

import re
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin

from esb.kernel.namespaces import WSDL
from esb.kernel.xml import DocumentInvalid, parse_document
from esb.wsdl.archive import ZipSource
from esb.wsdl.fetch import Fetch, WebFetch, normal_url
from esb.wsdl.folder import FolderSource
from esb.wsdl.limits import ReadLimits
from esb.wsdl.refuse import ContractRefused, Forbidden, NotFound, shown

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|file:", re.IGNORECASE)


class Source(Protocol):
    """A set of documents that refer to one another.

    A *key* names one document, in one spelling whatever way it was reached.
    """

    main: str

    def resolve(self, base: str, reference: str) -> str:
        """The key that ``reference`` means in the document ``base``.  Raises NotFound or Forbidden."""

    def read(self, key: str) -> bytes:
        """The document.  Raises NotFound or Forbidden."""


class WebSource:
    """Documents fetched from where the main one is (see :class:`esb.wsdl.fetch.WebFetch`); keys are normal URLs."""

    def __init__(self, url: str, fetch: Fetch) -> None:
        self.main = normal_url(url)
        self._fetch = fetch
        self._bases: dict[str, str] = {}

    def resolve(self, base: str, reference: str) -> str:
        """The URL that ``reference`` means in the document fetched as ``base``."""
        return normal_url(urljoin(self._bases.get(base, base), reference.strip().replace(" ", "%20")))

    def read(self, key: str) -> bytes:
        """Fetch the document."""
        fetched = self._fetch(key)
        self._bases[key] = fetched.url
        return fetched.data


def open_source(source: str | Path, main: str, fetch: Fetch | None, limits: ReadLimits) -> Source:
    """Find out what ``source`` is and open it.

    Args:
        source: path of a WSDL file, a folder or a zip; or an http or https URL.
        main: path of the main WSDL in a folder or zip; "" finds the one that no other imports.
        fetch: for a URL; None takes :class:`WebFetch` with public addresses only.

    Raises:
        ContractRefused: there is nothing to read, or several WSDLs and none named.
    """
    if isinstance(source, str) and re.match(r"https?://", source.strip(), re.IGNORECASE):
        try:
            return WebSource(source, fetch or WebFetch(limits))
        except Forbidden as error:
            raise ContractRefused([str(error)]) from None
    if isinstance(source, str) and _SCHEME.match(source.strip()):
        raise ContractRefused([f"{shown(source)}: give the path of a file, folder or zip, or an http or https URL"])
    path = Path(source)
    if path.is_dir():
        folder = FolderSource(path.resolve(), main, limits)
        folder.main = _choose_main(folder, main)
        return folder
    if not path.is_file():
        raise ContractRefused([f"{path}: there is no such file or folder"])
    with path.open("rb") as file:
        signature = file.read(4)
    if signature in (b"PK\x03\x04", b"PK\x05\x06"):
        archive = ZipSource(path, main, limits)
        archive.main = _choose_main(archive, main)
        return archive
    # The operator named this very file, link or not; what it refers to is held to the rules of a folder.
    return FolderSource(path.resolve().parent, path.resolve().name, limits)


def _choose_main(bundle: FolderSource | ZipSource, main: str) -> str:
    try:
        if main:
            return bundle.resolve("", main)
        candidates = bundle.wsdl_files()
        imported = {key for candidate in candidates for key in _imports(bundle, candidate)}
    except (NotFound, Forbidden) as error:
        raise ContractRefused([str(error)]) from None
    roots = [candidate for candidate in candidates if candidate not in imported]
    if len(roots) == 1:
        return roots[0]
    if not candidates:
        raise ContractRefused(["the bundle holds no .wsdl file: add it, or name the main WSDL by its path inside"])
    listed = ", ".join(shown(name) for name in (roots or candidates)[:20])
    raise ContractRefused([f"the bundle holds several WSDLs ({listed}): name the main one by its path inside"])


def _imports(bundle: FolderSource | ZipSource, key: str) -> list[str]:
    try:
        root = parse_document(bundle.read(key), key)
    except DocumentInvalid as error:
        raise ContractRefused([str(error)]) from None
    found = []
    for element in root.iterchildren(f"{{{WSDL}}}import"):
        try:
            found.append(bundle.resolve(key, element.get("location", "")))
        except NotFound:
            continue
    return found
