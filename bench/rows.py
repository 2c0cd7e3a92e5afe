"""Bodies of a wanted size, valid against bench/contract.wsdl, in either style of writing."""

from functools import lru_cache

from esb.bench.signing import Style
from esb.kernel.xml import XmlLimits, canonicalize, parse_message

_ROW = {
    Style.CANONICAL: (
        '<b:row n="{n}"><b:fin>5ABC{n:03d}</b:fin><b:surname>Məmmədova</b:surname><b:born>1990-05-12</b:born></b:row>'
    ),
    Style.FOREIGN: (
        "\n  <q1:row n='{n}' ><q1:fin>5ABC{n:03d}</q1:fin><q1:surname>M&#601;mmədova</q1:surname>"
        "<q1:born>1990-05-12</q1:born>\n  </q1:row>"
    ),
}
_WHOLE = {
    Style.CANONICAL: '<b:{local} xmlns:b="urn:bench">{rows}</b:{local}>',
    Style.FOREIGN: "<q1:{local} xmlns:xsd='urn:unused'\n xmlns:q1='urn:bench'>{rows}</q1:{local}>",
}


@lru_cache(maxsize=16)
def content(local: str, size: int, style: Style = Style.CANONICAL) -> bytes:
    """``Ask`` or ``Answer`` of about ``size`` bytes."""
    rows: list[str] = []
    length = 60
    while length < size:
        rows.append(_ROW[style].format(n=len(rows) % 1000))
        length += len(rows[-1].encode())
    return _WHOLE[style].format(local=local, rows="".join(rows)).encode()


@lru_cache(maxsize=16)
def delivered(local: str, size: int, style: Style) -> bytes:
    """The same as it must reach the other side: its canonical octets, whatever was written."""
    return canonicalize(parse_message(content(local, size, style), XmlLimits()))
