"""Content models that explode are told from the large and the repeating ones that people write."""

import pytest

from esb.kernel.xml import parse_document
from esb.schemas.content import content_problems, nests_loops
from esb.schemas.part import Part


def as_written(text: str) -> Part:
    return Part("a.xsd", "urn:a", parse_document(text.encode(), "a.xsd"), "s1.xsd")


@pytest.fixture
def problems(schema):
    def run(content: str) -> tuple[str, ...]:
        return content_problems((as_written(schema(content)),))

    return run


def _model(inside: str) -> str:
    return f'<xs:element name="q"><xs:complexType>{inside}</xs:complexType></xs:element>'


_X = '<xs:element name="x"/>'


@pytest.mark.parametrize(
    "inside",
    [
        '<xs:sequence maxOccurs="unbounded"><xs:element name="x" minOccurs="0"/><xs:element name="y" minOccurs="0"/>'
        "</xs:sequence>",
        f'<xs:sequence maxOccurs="50000">{_X}<xs:element name="y" maxOccurs="unbounded"/></xs:sequence>',
        f'<xs:choice maxOccurs="100">{_X}<xs:element name="y"/></xs:choice>',
        f'<xs:sequence maxOccurs="unbounded"><xs:sequence maxOccurs="unbounded">{_X}</xs:sequence></xs:sequence>',
        '<xs:sequence><xs:element name="x" minOccurs="5000" maxOccurs="9999"/></xs:sequence>',
        f"<xs:all>{_X}</xs:all>",
        "<xs:sequence>" + "".join(f'<xs:element name="e{n}" minOccurs="0"/>' for n in range(2_000)) + "</xs:sequence>",
    ],
)
def test_ordinary_models_pass(problems, inside):
    assert problems(_model(inside)) == ()


@pytest.mark.parametrize(
    "inside",
    [
        f'<xs:sequence maxOccurs="100"><xs:sequence maxOccurs="100">{_X}</xs:sequence></xs:sequence>',
        '<xs:sequence maxOccurs="100"><xs:element name="x" maxOccurs="unbounded"/></xs:sequence>',
        '<xs:sequence maxOccurs="unbounded"><xs:element name="x" maxOccurs="100"/></xs:sequence>',
        '<xs:choice maxOccurs="99"><xs:element name="x" maxOccurs="99"/><xs:element name="y"/></xs:choice>',
        '<xs:sequence maxOccurs="100"><xs:element name="x" minOccurs="0"/><xs:element name="y" minOccurs="0"/>'
        "</xs:sequence>",
        '<xs:sequence maxOccurs="unbounded"><xs:any maxOccurs="2"/></xs:sequence>',
    ],
)
def test_counted_repetitions_around_repetitions_are_refused(problems, inside):
    """libxml2 took 0.4 s for each parent element of forty children."""
    (problem, *_) = problems(_model(inside))
    assert problem.startswith("a.xsd, line 2: the content model ")
    assert 'maxOccurs="unbounded" once' in problem


def test_groups_that_double_are_refused_once(problems):
    groups = f'<xs:group name="g0"><xs:sequence>{_X}</xs:sequence></xs:group>' + "".join(
        f'\n<xs:group name="g{n}"><xs:sequence><xs:group ref="a:g{n - 1}"/><xs:group ref="a:g{n - 1}"/></xs:sequence>'
        "</xs:group>"
        for n in range(1, 60)
    )
    assert problems(groups) == (
        "a.xsd, line 17: the content model grows to more than 20000 particles by the groups that it refers to: "
        "simplify it",
    )


def test_circles_and_strange_counts_are_left_to_the_compilers(problems):
    assert (
        problems('<xs:group name="g"><xs:sequence maxOccurs="2"><xs:group ref="a:g"/></xs:sequence></xs:group>') == ()
    )
    assert problems(_model('<xs:sequence maxOccurs="many"><xs:group ref="a:gone"/></xs:sequence>')) == ()


@pytest.mark.parametrize(
    ("inside", "nested"),
    [
        (f'<xs:choice maxOccurs="unbounded">{_X}<xs:element name="y"/></xs:choice>', False),
        ('<xs:choice maxOccurs="unbounded"><xs:element name="x" maxOccurs="unbounded"/></xs:choice>', True),
        ('<xs:choice maxOccurs="unbounded"><xs:group ref="a:g"/></xs:choice>', True),
        ('<xs:sequence><xs:group ref="a:g"/></xs:sequence>', False),
    ],
)
def test_loops_in_loops_are_known(schema, inside, nested):
    group = (
        '<xs:group name="g"><xs:choice><xs:element name="y"/><xs:element name="x" maxOccurs="unbounded"/></xs:choice>'
        "</xs:group>"
    )
    assert nests_loops((as_written(schema(group + _model(inside))),)) is nested
