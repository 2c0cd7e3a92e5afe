"""Bindings of both SOAP versions are judged alike."""

from pathlib import Path

from support.descriptions import BROKEN, GOOD, closed, edited

from esb.wsdl.conformance import breaches

_SOAP11, _SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/"


def test_a_soap_12_binding_conforms_and_breaks_the_same_statements(tmp_path: Path) -> None:
    assert breaches(closed(tmp_path / "good", GOOD.replace(_SOAP11, _SOAP12))) == ()
    found = breaches(closed(tmp_path / "bad", edited(BROKEN["R2716"]).replace(_SOAP11, _SOAP12)))
    assert {one.statement.id for one in found} == {"R2716"}
