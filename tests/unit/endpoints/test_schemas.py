"""The library's door."""

import json

import pytest
from support.rig import done

from esb.endpoints.schemas import SCHEMAS, library
from esb.kernel.http import HttpRequest, HttpResponse, Peer
from esb.wsdl.library import types_document


def get(name: str) -> HttpResponse:
    return done(library(HttpRequest("GET", SCHEMAS + name, "", {}, b"", Peer("192.0.2.7"))))


def test_types_and_classifiers_are_given() -> None:
    assert get("types-1.xsd").body == types_document()
    assert json.loads(get("classifiers/gender.json").body)["entries"][0]["code"] == "M"
    assert b"/schemas/classifiers/region.json" in get("").body


@pytest.mark.parametrize("name", ["nothing", "../known.py", "types-1.xsd/", "classifiers/", "%2e%2e/known.py"])
def test_nothing_else_is(name: str) -> None:
    assert get(name).status == 404
