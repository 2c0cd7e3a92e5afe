"""Changes of attributes and of identity constraints, each in both directions."""

from collections.abc import Callable

import pytest

from esb.kernel.contract import Contract
from esb.wsdl.changes import Effect
from esb.wsdl.compare_types import Comparison
from esb.wsdl.components import index
from esb.wsdl.meaning import Meaning

NONE, WIDENS, NARROWS, BOTH = Effect.NONE, Effect.WIDENS, Effect.NARROWS, Effect.BOTH


def holding(attributes: str, constraint: str = "") -> str:
    return (
        '<xs:schema targetNamespace="urn:t"><xs:element name="answer" type="xs:string"/>'
        '<xs:element name="wrong" type="xs:string"/><xs:element name="ask"><xs:complexType><xs:sequence>'
        f'<xs:element name="i" type="xs:int" maxOccurs="9"/></xs:sequence>{attributes}</xs:complexType>{constraint}'
        "</xs:element></xs:schema>"
    )


X = '<xs:attribute name="x" type="xs:int"/>'
KEY = '<xs:unique name="u"><xs:selector xpath="i"/><xs:field xpath="."/></xs:unique>'


@pytest.mark.parametrize(
    ("old", "new", "wanted", "word"),
    [
        (holding(""), holding(X), WIDENS, "added, optional"),
        (holding(""), holding(X.replace("/>", ' use="required"/>')), BOTH, "must be there"),
        (holding(X.replace("/>", ' use="required"/>')), holding(X), WIDENS, "optional"),
        (holding(X.replace("/>", ' fixed="1"/>')), holding(X), WIDENS, "no longer fixed"),
        (holding(X.replace("/>", ' fixed="1"/>')), holding(X.replace("/>", ' fixed="2"/>')), BOTH, "fixed"),
        (holding(X.replace("/>", ' default="1"/>')), holding(X.replace("/>", ' default="2"/>')), BOTH, "default"),
        (holding(X), holding(X.replace("int", "long")), WIDENS, "xs:long"),
        (holding(X), holding(f'{X}<xs:anyAttribute namespace="##other" processContents="skip"/>'), WIDENS, "any other"),
        (
            holding('<xs:anyAttribute namespace="##any" processContents="skip"/>'),
            holding(f'{X}<xs:anyAttribute namespace="##any" processContents="skip"/>'),
            None,
            "which a wildcard let in",
        ),
        (holding(X, KEY), holding(X), WIDENS, "uniqueness"),
    ],
)
def test_each_change_and_its_way_back(
    wsdl: Callable[..., str], read: Callable[..., Contract], old: str, new: str, wanted: Effect | None, word: str
) -> None:
    before, after = (Meaning(index(read(wsdl(types=each)))) for each in (old, new))

    def whole(one: Meaning, other: Meaning) -> tuple[Effect, str]:
        name = "{urn:t}ask"
        found = list(Comparison(one, other).element(one.named("element", name), other.named("element", name), "/ask"))
        effect = Effect.NONE
        for each in found:
            effect |= each.effect
        return effect, " ".join(each.what for each in found)

    effect, said = whole(before, after)
    assert word in said
    assert effect is (BOTH if wanted is None else wanted)
    back, _ = whole(after, before)
    turned = {WIDENS: NARROWS, None: WIDENS}
    assert back is turned.get(wanted, wanted)
