"""One file for people and programs: an extract's pages with its signed XML attached (PDF/A-3, ISO 19005-3).

The XML holds the digest of the pages, and it is attached by an update that follows from pages and XML alone (ISO
32000-1, section 7.5.6).  So whoever has verified the XML's signature takes the pages off, digests them, attaches the
XML anew, and must get the same file to the octet: not one of them can be changed, added or hidden.  No PDF is
interpreted for it.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from esb.admin.extract_document import Pages
from esb.kernel.faults import EsbError

NAME: Final = "extract.xml"
"""What the attached document is called."""

_MARK: Final = b"%Shluz-Extract-1\n"
_ROOT: Final = re.compile(
    rb"trailer\n<<[^>]*?/Size (\d+)[^>]*?/Root (\d+) 0 R(.*?)>>\nstartxref\n(\d+)\n%%EOF\n\Z", re.DOTALL
)
_ATTACHED: Final = re.compile(
    rb"[0-9]{1,9} 0 obj\n<< /Type /EmbeddedFile [^>]{0,200}>> /Length ([0-9]{1,9}) >>\nstream\n"
)


class PagesChanged(EsbError):
    """A PDF is not an extract's pages with its XML attached, or not those that were signed."""


@dataclass(frozen=True, slots=True)
class Detached:
    """A PDF taken apart; nothing of it is proven by that."""

    pages: bytes
    xml: bytes


def pages_of(pages: bytes) -> Pages:
    """What an extract says of its pages."""
    return Pages(len(pages), hashlib.sha256(pages).hexdigest())


def attach(pages: bytes, xml: bytes, issued_at: float) -> bytes:
    """Return the pages with the XML attached.

    Args:
        pages: a PDF as :func:`esb.admin.extract_pages.render_pages` makes it, and no other.
        issued_at: Unix seconds, as the XML has it.

    Raises:
        PagesChanged: the pages are no such PDF.
    """
    end = _ROOT.search(pages)
    if end is None:
        raise PagesChanged("the pages do not end as a PDF of this program does")
    size, root, rest, previous = int(end[1]), int(end[2]), end[3], int(end[4])
    begin = f"\n{root} 0 obj\n<<\n".encode()
    at = pages.find(begin)
    close = pages.find(b"\n>>\nendobj\n", at)
    if at < 0 or close < 0:
        raise PagesChanged("the pages have no catalog")
    catalog = pages[at + len(begin) : close]
    file, described = size, size + 1
    date = f"D:{datetime.fromtimestamp(int(issued_at), UTC):%Y%m%d%H%M%SZ}"
    objects = {
        file: b"<< /Type /EmbeddedFile /Subtype /text#2Fxml /Params << /Size %d /ModDate (%s) >> /Length %d >>\n"
        b"stream\n%s\nendstream" % (len(xml), date.encode(), len(xml), xml),
        described: b"<< /Type /Filespec /F (%s) /UF (%s) /AFRelationship /Source /Desc (The signed extract)"
        b" /EF << /F %d 0 R /UF %d 0 R >> >>" % (NAME.encode(), NAME.encode(), file, file),
        root: b"<<\n%s\n/AF [%d 0 R]\n/Names << /EmbeddedFiles << /Names [(%s) %d 0 R] >> >>\n>>"
        % (catalog, described, NAME.encode(), described),
    }
    update = bytearray(_MARK)
    places = {}
    for number, content in objects.items():
        places[number] = len(pages) + len(update)
        update += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(pages) + len(update)
    update += b"xref\n%d 1\n%010d 00000 n \n%d 2\n" % (root, places[root], file)
    update += b"%010d 00000 n \n%010d 00000 n \n" % (places[file], places[described])
    update += b"trailer\n<<\n/Size %d\n/Root %d 0 R%s/Prev %d\n>>\nstartxref\n%d\n%%%%EOF\n" % (
        size + 2,
        root,
        rest,
        previous,
        table,
    )
    return pages + bytes(update)


def detach(pdf: bytes) -> Detached:
    """Take a PDF apart into pages and attached XML.

    Raises:
        PagesChanged: it is not made as :func:`attach` makes one.
    """
    at = pdf.rfind(_MARK)
    head = None if at < 0 else _ATTACHED.match(pdf, at + len(_MARK))
    if head is None:
        raise PagesChanged("this PDF has no signed extract attached to it in the way that this program does it")
    return Detached(pdf[:at], pdf[head.end() : head.end() + int(head[1])])


def check_pages(pdf: bytes, detached: Detached, signed: Pages, issued_at: float) -> None:
    """Check that a PDF is the pages that were signed, with their XML, and nothing else.

    Args:
        signed: what the XML says of its pages, after its signature was verified.

    Raises:
        PagesChanged: it is not.
    """
    if pages_of(detached.pages) != signed:
        raise PagesChanged("the pages are not those that were signed: what they show was changed")
    if attach(detached.pages, detached.xml, issued_at) != pdf:
        raise PagesChanged("something was added to the file after it was signed")
