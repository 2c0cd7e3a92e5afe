"""Arranging a set: what is missing or foreign is told all at once, and lines stay where they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.kernel.xml import parse_document
from esb.schemas.arrange import BASE, MAIN, Unfit, arrange, with_lines


def test_all_problems_are_told_at_once(contract, schema):
    with pytest.raises(Unfit) as caught:
        arrange(
            contract(
                {
                    "a.xsd": schema(
                        '<xs:include schemaLocation="gone.xsd"/>\n<xs:include schemaLocation="b.xsd"/>\n'
                        '<xs:import namespace="urn:c" schemaLocation="b.xsd"/>\n<xs:include/>\n'
                        '<xs:include schemaLocation="broken.xsd"/>\n<xs:include schemaLocation="page.xsd"/>'
                    ),
                    "b.xsd": schema("", "urn:b"),
                    "broken.xsd": "<xs:schema",
                    "page.xsd": "<html/>",
                    "dtd.xsd": '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
                },
                ("a.xsd", "dtd.xsd", "absent.xsd"),
            )
        )
    told = caught.value.problems
    assert [problem.split(":")[0] for problem in told] == [
        "a.xsd, line 2",
        "a.xsd, line 3",
        "a.xsd, line 4",
        "a.xsd, line 5",
        "broken.xsd",
        "page.xsd",
        "dtd.xsd",
        "the contract service.wsdl",
    ]
    assert "gone.xsd, which is not in the set" in told[0]
    assert "another target namespace (urn:b)" in told[1]
    assert "but that has the target namespace urn:b" in told[2]


def test_no_reference_leads_out_of_the_arrangement(contract, schema):
    """Locations are hints of the provider's: none of them is left for libxml2 to follow."""
    arrangement = arrange(
        contract(
            {
                "a.xsd": schema(
                    '<xs:import namespace="urn:b" schemaLocation="http://169.254.169.254/latest"/>'
                    '<xs:import namespace="urn:c" schemaLocation="file:///etc/passwd"/>'
                    '<xs:include schemaLocation="../../b.xsd"/>'
                ),
                "../../b.xsd": schema(""),
            }
        )
    )
    for name, document in arrangement.documents.items():
        for element in parse_document(document, name).iter():
            location = element.get("schemaLocation")
            assert location is None or location in arrangement.documents
    assert arrangement.fetch("file:///etc/passwd") is None
    assert arrangement.fetch(BASE + MAIN) == arrangement.documents[MAIN]


def test_arranged_names_lead_back_to_the_providers(contract, schema):
    arrangement = arrange(contract({"types one.xsd": schema("")}))
    assert arrangement.origin(arrangement.parts[0].name) == "types one.xsd"
    assert arrangement.origin(BASE + arrangement.parts[0].name) == "types one.xsd"
    assert arrangement.origin(MAIN) == MAIN


_blank = st.sampled_from(["", "\n", " ", "\n\n", "<!-- one -->", "<!--\n\n-->", "<?pi a\n b?>"])
_breaks = st.sampled_from([" ", "\n", "\n\n "])


@given(prolog=_blank, gaps=st.lists(st.tuples(_blank, _breaks, _breaks, st.booleans()), max_size=6))
def test_elements_stay_on_their_lines(prolog, gaps):
    inner = ""
    for gap, first, second, nested in gaps:
        child = f"<e{first}a='1'{second}b='2'/>"
        inner += f"{gap}<f{second}><g/>{child}{gap}</f>" if nested else gap + child
    text = f"<?xml version='1.0'?>{prolog}<root\n x='y'>{inner}</root>"
    root = parse_document(text.encode(), "t")
    lines = [element.sourceline for element in root.iter()]
    again = parse_document(with_lines(root), "t")
    assert [element.sourceline for element in again.iter()] == lines
    assert [element.tag for element in again.iter()] == [element.tag for element in root.iter()]
