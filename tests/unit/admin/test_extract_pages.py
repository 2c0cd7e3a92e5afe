"""The pages as people get them: read by other programs than the one that wrote them."""

import subprocess
from pathlib import Path

import pytest
from support.entries import personal_system
from support.extracts import CASES, extract

from esb.admin.extract_document import Extract
from esb.admin.extract_pages import drawable, render_pages


def text_of(pages: bytes, tmp_path: Path) -> str:
    (tmp_path / "pages.pdf").write_bytes(pages)
    done = subprocess.run(["pdftotext", "-layout", "pages.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture
def whole() -> Extract:
    return CASES["whole"]


def test_the_letters_of_the_language_are_right(whole: Extract, tmp_path: Path) -> None:
    text = text_of(render_pages(whole), tmp_path)
    for words in (
        "Reyestrdən çıxarış",
        "Fərdi məlumatların informasiya sistemlərinin dövlət reyestri",
        "Şəxsiyyət vəsiqələrinin reyestri",
        "Vətəndaşların" if "Vətəndaşların" in whole.entry.purpose else "Məqsəd <&>",
        "İki amilli giriş",
        "qeydiyyata alınıb / registered",
        whole.id,
    ):
        assert words in text


def test_the_code_leads_to_the_page(whole: Extract, tmp_path: Path) -> None:
    (tmp_path / "pages.pdf").write_bytes(render_pages(whole))
    subprocess.run(["pdftoppm", "-r", "100", "-l", "1", "-png", "pages.pdf", "page"], cwd=tmp_path, check=True)
    [picture] = tmp_path.glob("page*.png")
    done = subprocess.run(["zbarimg", "-q", "--raw", str(picture)], capture_output=True, check=True)
    assert done.stdout.decode().strip() == whole.address


def test_long_entries_take_more_pages_and_lose_nothing(tmp_path: Path) -> None:
    elements = [{"name": {"az": f"Element № {n}", "en": f"Element {n}"}, "type": "xs:string"} for n in range(150)]
    text = text_of(render_pages(extract(personal_system(elements=elements, fin={"use": "none"}))), tmp_path)
    assert [n for n in range(150) if f"Element № {n} /" not in text] == []
    assert "4 / 4" in text


def test_a_letter_that_the_font_has_not_is_written_out() -> None:
    assert drawable("Ə漢ə") == "Ə[U+6F22]ə"
    assert drawable("şğıİöüçŞĞÖÜÇ₼№“”Путь") == "şğıİöüçŞĞÖÜÇ₼№“”Путь"


def test_it_says_that_it_is_an_archive_file(whole: Extract) -> None:
    pages = render_pages(whole)
    assert b"<pdfaid:part>3</pdfaid:part>" in pages
    assert b"/OutputIntents" in pages
