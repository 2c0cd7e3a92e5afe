"""Whatever a reference says, it stays below the root or is refused; one URL has one spelling; packing loses nothing."""

import contextlib
from types import MappingProxyType

from hypothesis import example, given
from hypothesis import strategies as st

from esb.kernel.contract import Contract
from esb.kernel.directory import Operation
from esb.kernel.soap import SoapVersion
from esb.wsdl.fetch import normal_url
from esb.wsdl.pack import pack, unpack
from esb.wsdl.paths import below_root
from esb.wsdl.pattern import NoSample, match_for
from esb.wsdl.refuse import Forbidden

pieces = st.sampled_from(
    [
        "..",
        ".",
        "a",
        "b.xsd",
        "%2e",
        "%2E%2e",
        "%2f",
        "%5c",
        "\\",
        "/",
        "//",
        "#",
        "?",
        "%",
        "C:",
        "file:",
        " ",
        "http://h/",
    ]
)
references = st.lists(pieces, max_size=8).map("".join) | st.text(max_size=30)


@given(references, st.sampled_from(["s.wsdl", "a/s.wsdl", "a/b/s.wsdl"]))
@example("%2e%2e%2f%2e%2e%2fx", "a/s.wsdl")
def test_a_reference_stays_below_the_root(reference: str, base: str) -> None:
    with contextlib.suppress(Forbidden):
        for path in below_root(base, reference):
            assert not path.startswith("/")
            assert ".." not in path.split("/")
            assert "\x00" not in path


@given(st.lists(pieces, max_size=8).map("".join))
def test_a_url_has_one_spelling(rest: str) -> None:
    with contextlib.suppress(Forbidden):
        url = normal_url("http://host.example/" + rest)
        assert normal_url(url) == url
        assert url.startswith("http://host.example/")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
operations = st.builds(Operation, texts, texts, st.none() | texts, texts, st.frozensets(texts, max_size=3), texts)
contracts = st.builds(
    Contract,
    documents=st.dictionaries(texts, texts.map(str.encode), max_size=4).map(MappingProxyType),
    main=texts,
    schemas=st.lists(texts, max_size=3).map(tuple),
    namespace=texts,
    service_name=texts,
    port_type=texts,
    operations=st.lists(operations, max_size=3).map(tuple),
    faults=st.dictionaries(texts, st.lists(texts, max_size=2).map(tuple), max_size=2).map(MappingProxyType),
    provider_versions=st.frozensets(st.sampled_from(SoapVersion)),
    endpoint=texts,
)


@given(contracts)
def test_packing_loses_nothing(contract: Contract) -> None:
    packed = pack(contract)
    assert unpack(packed) == contract
    assert pack(unpack(packed)) == packed


@given(st.text(st.sampled_from("ab[]()^-{}|*+?\\dwpP,0123.L"), max_size=20))
def test_a_pattern_gives_a_string_or_a_reason(pattern: str) -> None:
    with contextlib.suppress(NoSample):
        assert len(match_for(pattern)) <= 256
