"""The page that a QR code leads to."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from support.entries import information_resource
from support.rig import done
from twisted.internet.defer import Deferred, ensureDeferred

from esb.endpoints.extracts import ExtractDoor, extract_page
from esb.kernel.http import HttpRequest, HttpResponse, Peer
from esb.registry.documents import Document, DocumentFacts
from esb.registry.errors import NotFound, RegistryUnavailable
from esb.registry.extracts import ExtractFacts, ExtractView
from esb.registry.resource_entry import Entry, Name, ResourceStatus
from esb.registry.resource_reading import read_entry
from esb.registry.resources import ResourceVersion

ID = "0123456789abcdef" * 2
EVIL = "<script>alert(1)</script>\"'&"


def version(entry: Entry, number: int, status: ResourceStatus = ResourceStatus.REGISTERED) -> ResourceVersion:
    return ResourceVersion(entry, status, number, 1e9 + number, "zabit.gizli", "səbəb gizli", "{}", "ef" * 32)


def view(newest: int = 1, as_of: float | None = None, **changes: Any) -> ExtractView:
    entry = read_entry(information_resource(**changes))
    facts = ExtractFacts(
        ID, entry.code, 1, as_of, "Şlüz", "ab" * 32, "cd" * 32, "ce" * 32, 1_790_000_000.0, "zabit.gizli"
    )
    return ExtractView(
        facts, version(entry, 1), version(entry, newest, ResourceStatus.SUSPENDED), Name(EVIL, "b"), None
    )


class Page(HTMLParser):
    """What a browser would find."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.opened: list[str] = []
        self.text = ""
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


class Doors:
    """A door over one extract."""

    def __init__(self) -> None:
        self.held: list[Deferred[HttpResponse]] | None = None
        self.problem: Exception | None = None
        self.door = ExtractDoor(self._find, self._document, self._run)

    def _find(self, id: str) -> ExtractView:
        if self.problem is not None:
            raise self.problem
        if id != ID:
            raise NotFound("x")
        return view()

    def _document(self, digest: str) -> Document:
        kind = "text/xml" if digest == "cd" * 32 else "application/pdf"
        return Document(DocumentFacts(digest, "a", kind, 1, None, None, 0.0, "x"), b"file")

    async def _run(self, work: Any) -> HttpResponse:
        if self.held is not None:
            self.held.append(Deferred())
            return await self.held[-1]
        found: HttpResponse = work()
        return found

    def get(self, path: str) -> HttpResponse:
        return done(self.door.get(HttpRequest("GET", path, "", {}, b"", Peer("192.0.2.7"))))


def test_it_tells_what_was_extracted_and_that_it_is_current() -> None:
    page = Page(extract_page(view()))
    for words in (
        "DIN/Yollar",
        "Yol nişanlarının uçotu",
        "Record of road signs",
        "Şlüz",
        ID,
        "Aktualdır.",
        "Current.",
    ):
        assert words in page.text
    assert "Köhnəlib" not in page.text
    assert "dayandırılıb / suspended" in page.text  # the status now, not the one extracted


def test_it_tells_when_it_is_superseded() -> None:
    page = Page(extract_page(view(newest=4, as_of=1.5)))
    for words in ("Köhnəlib.", "Superseded.", "version 4", "1970-01-01T00:00:01.500000Z"):
        assert words in page.text
    assert "Aktualdır" not in page.text


def test_no_officer_is_named() -> None:
    assert b"gizli" not in extract_page(view(newest=2))


def test_values_are_escaped() -> None:
    html = extract_page(view(purpose=EVIL, legal_basis=[EVIL], protection=[EVIL], name={"az": EVIL, "en": EVIL}))
    page = Page(html)
    assert "script" not in page.tags
    assert page.text.count(EVIL) == 6  # az and en names, owner, purpose, basis, protection
    assert "img" not in page.tags


def test_only_its_own_style_is_let_in() -> None:
    answer = Doors().get(f"/extracts/{ID}")
    assert (answer.status, answer.content_type) == (200, "text/html; charset=utf-8")
    headers = dict(answer.headers)
    style = re.search(rb"<style>(.*?)</style>", answer.body, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1]).digest()).decode()
    assert headers["Content-Security-Policy"].startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
    page = Page(answer.body)
    assert not {"script", "link", "img", "iframe", "form"} & set(page.tags)


def test_readers_aloud_and_small_screens_are_served() -> None:
    html = extract_page(view()).decode()
    assert html.startswith("<!doctype html><html lang=az>")
    assert '<meta name=viewport content="width=device-width, initial-scale=1">' in html
    assert html.count("<h1>") == 1
    assert "<main>" in html
    assert "<title>Çıxarış: DIN/Yollar / Extract: DIN/Yollar</title>" in html


@pytest.mark.parametrize(("part", "kind"), [("xml", "text/xml"), ("pdf", "application/pdf")])
def test_the_files_themselves_are_given(part: str, kind: str) -> None:
    answer = Doors().get(f"/extracts/{ID}/{part}")
    assert (answer.status, answer.content_type, answer.body) == (200, kind, b"file")
    assert dict(answer.headers)["Content-Disposition"] == f'attachment; filename="extract-{ID}.{part}"'


@pytest.mark.parametrize("path", ["/extracts/", f"/extracts/{ID}/x", "/extracts/..%2f", f"/extracts/{ID[:-1]}"])
def test_whatever_is_not_there_gets_the_same_page(path: str) -> None:
    answer = Doors().get(path)
    assert answer.status == 404
    assert "Bu nömrə ilə çıxarış yoxdur" in Page(answer.body).text
    assert "Content-Security-Policy" in dict(answer.headers)


def test_a_database_that_is_away_is_no_missing_extract() -> None:
    doors = Doors()
    doors.problem = RegistryUnavailable("secret")
    answer = doors.get(f"/extracts/{ID}")
    assert (answer.status, b"secret" in answer.body) == (503, False)


def test_many_who_ask_do_not_queue_without_end() -> None:
    doors = Doors()
    doors.held = []
    request = HttpRequest("GET", f"/extracts/{ID}", "", {}, b"", Peer("192.0.2.7"))

    waiting = [ensureDeferred(doors.door.get(request)) for _ in range(33)]
    assert len(doors.held) == 32
    refused: HttpResponse = waiting[-1].result  # type: ignore[assignment]
    assert refused.status == 503
    for each in doors.held:
        each.callback(HttpResponse(200, "x", b""))
    doors.held = None
    assert doors.get(f"/extracts/{ID}").status == 200
