"""Ports, bindings and the choice among them."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from esb.kernel.contract import Contract
from esb.kernel.soap import SoapVersion
from esb.wsdl.refuse import ContractRefused

Read = Callable[..., Contract]
Wsdl = Callable[..., str]


def test_overloaded_names_and_unknown_operations(read: Read, wsdl: Wsdl, parts: SimpleNamespace) -> None:
    with pytest.raises(ContractRefused, match="declared more than once"):
        read(wsdl(abstract=parts.abstract * 2))
    with pytest.raises(ContractRefused, match="is not in the port type"):
        read(wsdl(bound=parts.bound.replace('"Do"', '"Else"')))


def test_two_operations_that_a_body_does_not_tell_apart(read: Read, wsdl: Wsdl, parts: SimpleNamespace) -> None:
    second = {key: getattr(parts, key) + getattr(parts, key).replace('"Do"', '"Too"') for key in ("abstract", "bound")}
    with pytest.raises(ContractRefused, match=r"'Do' and 'Too' both take '\{urn:t\}ask'"):
        read(wsdl(**second))


def test_a_binding_without_a_service_is_served_too(read: Read, wsdl: Wsdl) -> None:
    contract = read(wsdl(port=""))
    assert (contract.endpoint, contract.service_name) == ("", "T")


def test_an_rpc_binding_beside_a_good_one_does_no_harm(read: Read, wsdl: Wsdl, parts: SimpleNamespace) -> None:
    rpc = parts.bound.replace("soap:", "soap12:")
    more = f"""<wsdl:binding name="R" type="t:T">
      <soap12:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>{rpc}</wsdl:binding>"""
    port = '<wsdl:port name="R" binding="t:R"><soap12:address location="http://provider.example/r"/></wsdl:port>'
    contract = read(wsdl(more=more, port=port + parts.port))
    assert contract.provider_versions == {SoapVersion.V11}
    assert contract.endpoint == "http://provider.example/t"


def test_a_soap12_only_provider(read: Read, wsdl: Wsdl) -> None:
    contract = read(wsdl().replace("<soap:", "<soap12:"))
    assert contract.provider_versions == {SoapVersion.V12}


def test_a_port_of_another_kind_is_passed_over(read: Read, wsdl: Wsdl, parts: SimpleNamespace) -> None:
    more = '<wsdl:binding name="G" type="t:T"><http:binding verb="GET"/></wsdl:binding>'
    port = '<wsdl:port name="G" binding="t:G"><http:address location="http://provider.example/g"/></wsdl:port>'
    assert read(wsdl(more=more, port=port + parts.port)).endpoint == "http://provider.example/t"


def test_default_namespace_for_wsdl(read: Read, wsdl: Wsdl) -> None:
    text = wsdl().replace("xmlns:wsdl=", "xmlns=").replace("wsdl:", "")
    assert 'xmlns="http://schemas.xmlsoap.org/wsdl/"' in text
    assert read(text).port_type == "T"
