"""Pages and XML in one file: taken apart and put together again to the octet, or refused."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from support.extracts import CASES

from esb.admin.extract_file import PagesChanged, attach, check_pages, detach, pages_of
from esb.admin.extract_pages import render_pages

XML = "<x>Şəxs %Shluz-Extract-1 endstream endobj</x>".encode()
AT = 1_790_000_000.5


@pytest.fixture(scope="module")
def pages() -> bytes:
    return render_pages(CASES["whole"])


@pytest.fixture(scope="module")
def pdf(pages: bytes) -> bytes:
    return attach(pages, XML, AT)


def test_other_programs_find_the_document(pdf: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf)
    listed = subprocess.run(["pdfdetach", "-list", "a.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "1: extract.xml" in listed.stdout
    subprocess.run(["pdfdetach", "-save", "1", "-o", "out.xml", "a.pdf"], cwd=tmp_path, check=True)
    assert (tmp_path / "out.xml").read_bytes() == XML
    told = subprocess.run(["pdftotext", "a.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (told.stderr, "Reyestrdən çıxarış" in told.stdout) == ("", True)


def test_it_comes_apart_as_it_was_put_together(pages: bytes, pdf: bytes) -> None:
    found = detach(pdf)
    assert (found.pages, found.xml) == (pages, XML)
    check_pages(pdf, found, pages_of(pages), AT)
    assert pages_of(pages).sha256 == hashlib.sha256(pages).hexdigest()


def test_any_octet_that_is_changed_is_noticed(pages: bytes, pdf: bytes) -> None:
    """Every octet of what was attached, and a sample of the pages, whose digest covers the rest."""
    signed = pages_of(pages)
    for place in (*range(len(pages), len(pdf)), *range(0, len(pages), 997)):
        changed = bytearray(pdf)
        changed[place] ^= 1
        octets = bytes(changed)
        try:
            found = detach(octets)
            check_pages(octets, found, signed, AT)
        except PagesChanged:
            continue
        # What lies in the XML itself is for its signature.
        assert found.xml != XML


@pytest.mark.parametrize("added", [b"\n", b"%x\n", b"1 0 obj\n<<>>\nendobj\n"])
def test_nothing_is_added(pages: bytes, pdf: bytes, added: bytes) -> None:
    for changed in (pdf + added, pdf[: len(pages)] + added + pdf[len(pages) :]):
        with pytest.raises(PagesChanged):
            check_pages(changed, detach(changed), pages_of(pages), AT)


def test_a_second_update_that_shows_something_else_is_noticed(pages: bytes, pdf: bytes) -> None:
    """Readers believe the last update of a PDF: one that repeats ours after its own pages must not pass."""
    update = pdf[len(pages) :]
    for forged in (pdf + update, pdf + b"4 0 obj\n<<>>\nendobj\n" + update):
        with pytest.raises(PagesChanged):
            check_pages(forged, detach(forged), pages_of(pages), AT)


@pytest.mark.parametrize("octets", [b"", b"%PDF-1.7\n", b"%PDF-1.7\n%Shluz-Extract-1\n", b"%Shluz-Extract-1\n" * 3])
def test_what_is_no_extract(octets: bytes) -> None:
    with pytest.raises(PagesChanged, match="no signed extract"):
        detach(octets)
    with pytest.raises(PagesChanged, match="do not end"):
        attach(octets, XML, AT)


def test_pages_without_a_catalog(pages: bytes) -> None:
    with pytest.raises(PagesChanged, match="catalog"):
        attach(pages.replace(b"\n3 0 obj\n", b"\n3 1 obj\n"), XML, AT)
