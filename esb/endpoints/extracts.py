"""Where the QR code of an extract leads: what was extracted, who issued it, and whether it is still current.

``/extracts/ID`` is a page for people, in Azerbaijani and English; ``/extracts/ID/xml`` and ``/pdf`` are the signed
files.  Who has the id, 128 random bits, may see it.  Authors and reasons of changes are not shown: an extract names no
officer.
"""

import hashlib
from base64 import b64encode
from collections.abc import Awaitable, Callable
from html import escape
from typing import Final

from esb.admin.extract_document import moment
from esb.admin.extract_lines import REGISTERS, STATUSES, Line, both, entry_lines, minute
from esb.kernel.http import HttpRequest, HttpResponse
from esb.registry.documents import Document
from esb.registry.errors import NotFound, RegistryUnavailable
from esb.registry.extracts import ExtractView
from esb.registry.resource_entry import Name

ROOT: Final = "/extracts/"
_HTML: Final = "text/html; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"
_MOST_WAITING: Final = 32


class ExtractDoor:
    """Shows extracts.

    Args:
        find: an extract by its id; raises NotFound.  Blocking, like ``document``.
        document: an archived file by its digest.
        run: runs a blocking function off the reactor, in threads that no message waits for.
    """

    def __init__(
        self,
        find: Callable[[str], ExtractView],
        document: Callable[[str], Document],
        run: Callable[[Callable[[], HttpResponse]], Awaitable[HttpResponse]],
    ) -> None:
        self._find = find
        self._document = document
        self._run = run
        self._waiting = 0

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer a GET below /extracts/."""
        id, _, part = request.path.removeprefix(ROOT).partition("/")
        if self._waiting >= _MOST_WAITING:
            return HttpResponse(503, _TEXT, b"Too many are asking: try again shortly.\n", (("Retry-After", "2"),))
        self._waiting += 1
        try:
            return await self._run(lambda: self._answer(id, part))
        finally:
            self._waiting -= 1

    def _answer(self, id: str, part: str) -> HttpResponse:
        try:
            view = self._find(id)
            if part == "":
                return HttpResponse(200, _HTML, extract_page(view), _HEADERS)
            if part in ("xml", "pdf"):
                facts = view.facts
                file = self._document(facts.xml if part == "xml" else facts.pdf)
                disposition = ("Content-Disposition", f'attachment; filename="extract-{facts.id}.{part}"')
                return HttpResponse(200, file.facts.media_type, file.content, (*_HEADERS, disposition))
        except NotFound:
            pass
        except RegistryUnavailable:
            return HttpResponse(503, _TEXT, b"The register cannot be read now.\n", (("Retry-After", "10"),))
        return HttpResponse(404, _HTML, _missing_page(), _HEADERS)


def extract_page(view: ExtractView) -> bytes:
    """Return the page of an extract, in UTF-8."""
    facts, extracted, newest = view.facts, view.extracted, view.newest
    names = REGISTERS[extracted.entry.register]
    head = [
        Line(Name("Çıxarışın nömrəsi", "Extract number"), (facts.id,)),
        Line(Name("Verən", "Issued by"), (facts.issuer,)),
        Line(Name("Verilib", "Issued at"), (minute(facts.made_at),)),
    ]
    if facts.as_of is not None:
        head.append(Line(Name("Bu anın vəziyyəti", "As it stood at"), (moment(facts.as_of),)))
    head += [
        Line(Name("Yazının versiyası", "Version of the entry"), (f"{extracted.number} ({moment(extracted.at)})",)),
        Line(Name("Versiyanın SHA-256-sı", "SHA-256 of the version"), (extracted.sha256,)),
        Line(Name("Çıxarışdakı status", "Status in the extract"), (both(STATUSES[extracted.status]),)),
    ]
    files = "".join(
        f'<li><a href="{ROOT}{facts.id}/{part}">{_both(Name(az, en))}</a></li>'
        for part, az, en in (
            ("pdf", "İmzalanmış PDF", "The signed PDF"),
            ("xml", "İmzalanmış XML", "The signed XML"),
        )
    )
    body = (
        f"<p class=kind>{_both(names)}</p>"
        f"{_standing(view)}"
        f"<h2>{_both(Name('Çıxarış', 'The extract'))}</h2>{_list(head)}"
        f"<h2>{_both(Name('Çıxarılan yazı', 'What was extracted'))}</h2>"
        f"{_list(entry_lines(extracted.entry, view.owner, view.operator))}"
        f"<h2>{_both(Name('Fayllar', 'Files'))}</h2><ul>{files}</ul>"
        "<p class=note>Bu səhifə çıxarışın özü deyil: imzanı yoxlamaq üçün <code>esb extract verify FAYL</code>."
        " <span lang=en>This page is not the extract itself: verify its signature with <code>esb extract verify FILE"
        "</code>.</span></p>"
    )
    return _page(Name(f"Çıxarış: {newest.code}", f"Extract: {newest.code}"), body)


def _standing(view: ExtractView) -> str:
    newest = view.newest
    status = both(STATUSES[newest.status])
    if view.is_current:
        return (
            '<div class="standing current"><p><strong>Aktualdır.</strong> '
            "Reyestrdəki yazı çıxarışdan sonra dəyişməyib.</p>"
            "<p lang=en><strong>Current.</strong> The entry has not changed since."
            f"</p><p>{_both(Name('İndiki status', 'Status now'))}: {escape(status)}</p></div>"
        )
    when = escape(minute(newest.at))
    return (
        '<div class="standing superseded"><p><strong>Köhnəlib.</strong> Reyestrdəki yazı dəyişib: '
        f"{when} tarixindən {newest.number} nömrəli versiya qüvvədədir. Yeni çıxarış istəyin.</p>"
        f"<p lang=en><strong>Superseded.</strong> The entry has changed: version {newest.number} has been in force "
        f"since {when}. Ask for a new extract.</p>"
        f"<p>{_both(Name('İndiki status', 'Status now'))}: {escape(status)}</p></div>"
    )


def _missing_page() -> bytes:
    body = (
        '<div class="standing unknown"><p>Bu nömrə ilə çıxarış yoxdur. Ünvanın tam köçürüldüyünü yoxlayın; ünvan '
        "düzdürsə, kağıza inanmayın.</p><p lang=en>There is no extract of this number. Check that the address was "
        "copied whole; if it was, do not believe the paper.</p></div>"
    )
    return _page(Name("Çıxarış tapılmadı", "No such extract"), body)


def _list(lines: list[Line]) -> str:
    rows = (
        f"<div><dt>{_both(line.label)}</dt>{''.join(f'<dd>{escape(value)}</dd>' for value in line.values)}</div>"
        for line in lines
    )
    return f"<dl>{''.join(rows)}</dl>"


def _both(name: Name) -> str:
    return f"{escape(name.az)} <span lang=en>{escape(name.en)}</span>"


def _page(title: Name, body: str) -> bytes:
    return (
        "<!doctype html><html lang=az><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1"><meta name=robots content="noindex">'
        f"<title>{escape(title.az)} / {escape(title.en)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{_both(title)}</h1>{body}</main></body></html>\n"
    ).encode()


_STYLE: Final = """
:root{color-scheme:light dark}
body{margin:0;font:1rem/1.5 system-ui,"Noto Sans",sans-serif;color:#1b1b1b;background:#fff}
main{max-width:44rem;margin:0 auto;padding:1rem 1rem 3rem}
h1{font-size:1.35rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.05rem;margin:1.75rem 0 .5rem;border-bottom:1px solid #767676;padding-bottom:.25rem}
[lang=en]{color:#595959}
h1 [lang=en],h2 [lang=en],dt [lang=en]{display:block;font-weight:400;font-size:.85em}
.kind{margin:.25rem 0 1rem}
.kind [lang=en]{display:block}
.standing{border-left:.4rem solid;padding:.6rem 1rem;margin:1rem 0;background:#f4f4f4}
.standing p{margin:.3rem 0}
.current{border-color:#1a7f37}
.superseded{border-color:#9a6700}
.unknown{border-color:#b3261e}
dl{margin:0}
dl div{padding:.5rem 0;border-bottom:1px solid #ddd}
dt{font-weight:600;font-size:.9rem;line-height:1.3}
dd{margin:.15rem 0 0;overflow-wrap:anywhere}
ul{padding-left:1.2rem}
li{margin:.5rem 0}
a{color:#0b57d0}
a:focus-visible{outline:3px solid #0b57d0;outline-offset:2px}
code{overflow-wrap:anywhere}
.note{margin-top:1.5rem;font-size:.9rem}
@media (min-width:38rem){dl div{display:grid;grid-template-columns:14rem 1fr;column-gap:1rem}dd{grid-column:2}}
@media (prefers-color-scheme:dark){
body{color:#e8e8e8;background:#161616}[lang=en]{color:#b0b0b0}.standing{background:#242424}
dl div{border-color:#3a3a3a}a{color:#8ab4f8}.current{border-color:#57ab5a}.superseded{border-color:#d4a72c}
.unknown{border-color:#f2726a}}
"""

# Nothing of the page runs, and of style only the one above: what stands in a register can do no harm here.
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    # The address is the key to the page: no other site is told it, and nobody keeps it.
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex"),
)
