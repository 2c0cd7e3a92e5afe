"""The pages of an extract: PDF/A that people read and print, with a QR code to where its issuer tells of it.

What is attached to the pages afterwards, and how one file verifies, is :mod:`esb.admin.extract_file`.
"""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import segno
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from esb.admin.extract_document import Extract, moment
from esb.admin.extract_lines import REGISTERS, STATUSES, Line, both, entry_lines, minute
from esb.registry.resource_entry import Name

_FONTS: Final = Path(__file__).parent / "fonts"
_FONT: Final = "Noto Sans"
_MARGIN: Final = 18.0  # millimetres, like all lengths here
_QR: Final = 32.0
_LABEL: Final = 52.0
_GREY: Final = 90


def render_pages(extract: Extract) -> bytes:
    """Return the pages as PDF/A-3u, in A4."""
    pdf = _Pages(extract)
    pdf.add_page()
    pdf.heading()
    for line in _head(extract):
        pdf.field(line)
    pdf.rule()
    for line in entry_lines(extract.entry, extract.owner, extract.operator):
        pdf.field(line)
    return bytes(pdf.output())


def drawable(text: str) -> str:
    """Return a text with each letter that the font has not written as ``[U+1234]``: never left out, never a box."""
    known = _letters()
    return "".join(one if ord(one) in known else f"[U+{ord(one):04X}]" for one in text)


def _head(extract: Extract) -> list[Line]:
    head = [
        Line(Name("Çıxarışın nömrəsi", "Extract number"), (extract.id,)),
        Line(Name("Verən", "Issued by"), (extract.issuer,)),
        Line(Name("Verilib", "Issued at"), (minute(extract.issued_at),)),
    ]
    if extract.as_of is not None:
        head.append(Line(Name("Bu anın vəziyyəti", "As it stood at"), (moment(extract.as_of),)))
    version = f"{extract.version} ({moment(extract.version_at)})"
    return [
        *head,
        Line(Name("Yazının versiyası", "Version of the entry"), (version,)),
        Line(Name("Versiyanın SHA-256-sı", "SHA-256 of the version"), (extract.version_sha256,)),
        Line(Name("Statusu", "Status"), (both(STATUSES[extract.status]),)),
    ]


class _Pages(FPDF):
    """A document with the extract's footer on each page."""

    def __init__(self, extract: Extract) -> None:
        super().__init__(format="A4", enforce_compliance="PDF/A-3U")
        self._extract = extract
        for style, file in (("", "NotoSans-Regular.ttf"), ("B", "NotoSans-Bold.ttf")):
            self.add_font(_FONT, style, _FONTS / file)
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=24)
        title = drawable(f"{both(REGISTERS[extract.entry.register])}: {extract.entry.code}")
        self.set_title(title)
        self.set_lang("az")
        self.set_creator("Şlüz")
        self.set_producer("Şlüz")
        self.set_creation_date(datetime.fromtimestamp(int(extract.issued_at), UTC))
        self.set_author(drawable(extract.issuer))

    def heading(self) -> None:
        """The register's name, and the QR code beside it."""
        extract = self._extract
        names = REGISTERS[extract.entry.register]
        top = self.get_y()
        self._draw_code(self.w - _MARGIN - _QR, top)
        width = self.w - 2 * _MARGIN - _QR - 6
        self.set_font(_FONT, "B", 17)
        self._paragraph(width, 8, "Reyestrdən çıxarış")
        self.set_font(_FONT, "B", 11)
        self._paragraph(width, 5.5, names.az)
        self.ln(1.5)
        self.set_font(_FONT, "", 10)
        self.set_text_color(_GREY)
        self._paragraph(width, 5, f"Extract from the {names.en[0].lower()}{names.en[1:]}")
        self.set_text_color(0)
        self.set_y(max(self.get_y(), top + _QR) + 2)
        self.set_font(_FONT, "", 8)
        self._paragraph(0, 4, f"Yoxlama / Verification: {extract.address}")
        self.rule()

    def field(self, line: Line) -> None:
        """A label at the left, its values at the right."""
        self.set_font(_FONT, "", 9)
        # A label never stands alone at the foot of a page.
        if self.will_page_break(16):
            self.add_page()
        top, page = self.get_y(), self.page
        self.set_font(_FONT, "B", 8.5)
        self._paragraph(_LABEL, 4.2, line.label.az)
        self.set_font(_FONT, "", 7.5)
        self.set_text_color(_GREY)
        self._paragraph(_LABEL, 3.8, line.label.en)
        self.set_text_color(0)
        under = self.get_y()
        self.set_xy(_MARGIN + _LABEL + 4, top)
        self.set_font(_FONT, "", 9)
        for value in line.values:
            self.set_x(_MARGIN + _LABEL + 4)
            self._paragraph(0, 4.8, value)
        self.set_y((max(under, self.get_y()) if self.page == page else self.get_y()) + 2)

    def rule(self) -> None:
        """A thin line across the page."""
        self.ln(1)
        self.set_draw_color(170)
        self.set_line_width(0.2)
        self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.ln(3)

    def footer(self) -> None:
        """What this paper is worth, and the page's number."""
        self.set_y(-19)
        self.set_font(_FONT, "", 7)
        self.set_text_color(_GREY)
        self._paragraph(
            0,
            3.3,
            "Bu faylın elektron imzası ona əlavə edilmiş XML sənədindədir: esb extract verify FAYL. "
            "Çap edilmiş nüsxə yuxarıdakı ünvanda yoxlanılır.",
        )
        self._paragraph(
            0,
            3.3,
            "The signature of this file is in the XML document attached to it: esb extract verify FILE. "
            "A printed copy is checked at the address above.",
        )
        self._paragraph(0, 3.3, f"{self._extract.id}   {self.page_no()} / {{nb}}")
        self.set_text_color(0)

    def _paragraph(self, width: float, height: float, text: str) -> None:
        self.multi_cell(width, height, drawable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _draw_code(self, left: float, top: float) -> None:
        """The address as a QR code of plain squares: no picture, so that it prints sharp at any size."""
        code = segno.make(self._extract.address, error="m", micro=False)
        quiet = 4  # modules, as ISO/IEC 18004 asks for
        matrix = [bytes(row) for row in code.matrix]
        side = _QR / (len(matrix) + 2 * quiet)
        self.set_fill_color(0)
        for y, row in enumerate(matrix):
            x = 0
            while x < len(row):
                length = 1
                while row[x] and x + length < len(row) and row[x + length]:
                    length += 1
                if row[x]:
                    self.rect(left + (x + quiet) * side, top + (y + quiet) * side, length * side, side, style="F")
                x += length


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    """The code points that both weights have."""
    fonts = (TTFont(_FONTS / file) for file in ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"))
    return frozenset.intersection(*(frozenset(font.getBestCmap()) for font in fonts))
