"""The vocabulary: what an operation is called, inside and out."""

from typing import Any

import pytest

from esb.adapters.hosted.application import hosted_wsdl
from esb.adapters.hosted.typed import HostedService, ServiceBase, Unicode, operation


def ask(ctx: Any, first_name: str) -> str:
    """Ask."""
    return first_name


class Named(ServiceBase):
    ask = operation("askName", Unicode, returns=Unicode, answer="theName", arguments={"first_name": "firstName"})(ask)


@pytest.fixture(scope="module")
def wsdl() -> str:
    return hosted_wsdl(HostedService(Named, "urn:named", "Named")).decode()


@pytest.mark.parametrize(
    "mark",
    [
        '<xs:element name="askName"',
        '<xs:element name="askNameResponse"',
        '<xs:element name="theName"',
        '<xs:element name="firstName"',
        'soapAction="askName"',
        "<wsdl:documentation>Ask.</wsdl:documentation>",
    ],
)
def test_names_are_those_given(wsdl: str, mark: str) -> None:
    assert mark in wsdl


def test_the_function_stays_a_plain_function() -> None:
    assert ask(None, "Leyla") == "Leyla"
