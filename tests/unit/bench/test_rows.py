"""Bodies are of the wanted size and valid; what must be delivered is their canonical form."""

import pytest
from lxml import etree

from esb.bench.place import CONTRACT
from esb.bench.rows import content, delivered
from esb.bench.signing import Style
from esb.schemas.compile import compile_judge
from esb.wsdl.read import read_contract


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("local", ["Ask", "Answer"])
@pytest.mark.parametrize("size", [0, 1_500, 100_000])
def test_valid_and_of_about_the_size(style: Style, local: str, size: int) -> None:
    octets = content(local, size, style)
    assert size - 60 <= len(octets) <= size + 260
    judge = compile_judge(read_contract(CONTRACT))
    if size:
        assert judge.judge(etree.fromstring(octets)) == ()


@pytest.mark.parametrize("style", Style)
def test_what_is_delivered_is_canonical(style: Style) -> None:
    octets = delivered("Answer", 3_000, style)
    assert octets == etree.tostring(etree.fromstring(content("Answer", 3_000, style)), method="c14n", exclusive=True)
    assert (octets == content("Answer", 3_000, style)) is (style is Style.CANONICAL)
