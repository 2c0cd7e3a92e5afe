"""A hosted service's contract: it reads, compiles, and answers validate against it."""

from collections.abc import Callable

import pytest
from lxml import etree
from support.place import CONTRACTS

from esb.adapters.hosted.application import Application
from esb.adapters.hosted.find import HostedUnknown, find_service
from esb.adapters.hosted.typed import Asked
from esb.admin.hosted import hosted_contract
from esb.kernel.contract import Contract
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message
from esb.schemas.check import Checked, check_contract
from esb.schemas.compile import compile_judge
from esb.wsdl.changes import Verdict
from esb.wsdl.compare import compare
from esb.wsdl.pack import pack
from esb.wsdl.read import read_contract

OPERATIONS = {
    "metadata": ["listServices", "listEndings", "listMethods", "allowedMethods", "getContract"],
    "pension": ["estimatePension"],
}


@pytest.fixture(scope="module", params=sorted(OPERATIONS))
def hosted(request: pytest.FixtureRequest) -> tuple[str, Contract]:
    return request.param, hosted_contract(request.param)


def test_every_operation_is_in_it(hosted: tuple[str, Contract]) -> None:
    name, contract = hosted
    assert [each.name for each in contract.operations] == OPERATIONS[name]
    assert [each.soap_action for each in contract.operations] == OPERATIONS[name]
    assert contract.provider_versions == {SoapVersion.V11}
    assert contract.namespace == find_service(name).namespace


def test_its_schemas_pass_the_registrys_check(hosted: tuple[str, Contract]) -> None:
    assert check_contract(hosted[1]) == Checked((), ())


def test_all_of_it_is_in_its_own_namespace(hosted: tuple[str, Contract]) -> None:
    """Spyne puts a type that names no namespace into one made of a Python module's name."""
    contract = hosted[1]
    for name in contract.schemas:
        for schema in etree.fromstring(contract.documents[name]).iter("{http://www.w3.org/2001/XMLSchema}schema"):
            assert schema.get("targetNamespace") == contract.namespace


def test_it_is_the_same_each_time(hosted: tuple[str, Contract]) -> None:
    assert pack(hosted_contract(hosted[0])) == pack(hosted[1])


def test_metadata_is_compatible_with_what_was_published_first() -> None:
    """Whoever made a client from the first contract, and holds answers to it, goes on."""
    first = read_contract(CONTRACTS / "metadata-v1.wsdl")
    report = compare(first, hosted_contract("metadata"))
    assert report.verdict is Verdict.COMPATIBLE
    assert {each.operation for each in report.changes} == {"listEndings"}


@pytest.fixture(scope="module")
def answer() -> Callable[[str], bytes]:
    def call(content: str) -> bytes:
        envelope = (
            f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{content}</e:Body></e:Envelope>'
        )
        asked = Asked("x-1", "EESMN", "EESMN", "DSMF/PENSION/Calculator/v1", "estimatePension", None)
        return Application(find_service("pension"), lambda _, __: None).answer(envelope.encode(), asked)

    return call


@pytest.mark.parametrize("months", [0, 1, 299, 300, 1200])
@pytest.mark.parametrize("earnings", ["0", "345.5", "99999999.99"])
def test_answers_are_valid_against_it(answer: Callable[[str], bytes], months: int, earnings: str) -> None:
    request = (
        '<p:estimatePension xmlns:p="urn:shluz:demo:pension:1"><p:insured><p:born>1955-02-28</p:born>'
        f"<p:months>{months}</p:months><p:earnings>{earnings}</p:earnings><p:day>2024-01-01</p:day>"
        "</p:insured></p:estimatePension>"
    )
    judge = compile_judge(hosted_contract("pension"))
    assert judge.judge(etree.fromstring(request)) == ()
    payload = open_envelope(parse_message(answer(request), XmlLimits())).payload
    assert payload is not None
    assert judge.judge(payload) == ()


def test_an_unknown_name() -> None:
    with pytest.raises(HostedUnknown, match=r"there are: metadata, .*pension"):
        hosted_contract("nothing")
