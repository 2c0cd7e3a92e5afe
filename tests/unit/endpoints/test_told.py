"""Errors of acts are told as coded faults; what is nobody's business is not told."""

from types import SimpleNamespace
from typing import Any

import pytest

from esb.adapters.hosted.typed import Fault
from esb.admin.participation import NotYours, OfficerUnnamed
from esb.endpoints.told import acting_as, engine_of, refusal, told
from esb.kernel.faults import EsbError
from esb.registry.applications import Incomplete
from esb.registry.errors import Conflict, Forbidden, Invalid, NotFound, RegistryUnavailable


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OfficerUnnamed("x"), "Client.OfficerMissing"),
        (NotYours("x"), "Client.NotYours"),
        (Incomplete(("x",)), "Client.Incomplete"),
        (NotFound("x"), "Client.NotFound"),
        (Forbidden("x"), "Client.Forbidden"),
        (Conflict("x"), "Client.Conflict"),
        (Invalid("x"), "Client.Invalid"),
        (RegistryUnavailable("where it is"), "Server.RegistryUnavailable"),
    ],
)
def test_each_error_has_its_code(error: EsbError, code: str) -> None:
    with pytest.raises(Fault) as fault, told():
        raise error
    assert fault.value.faultcode == code
    assert fault.value.detail["Refused"]["code"] == code.partition(".")[2]
    assert "where it is" not in fault.value.faultstring


def test_other_errors_pass_through() -> None:
    with pytest.raises(EsbError, match="secret"), told():
        raise EsbError("secret")
    with pytest.raises(Fault, match="mine"), told():
        raise refusal("Client.X", "mine")


def test_a_node_without_the_database_says_so() -> None:
    nothing: Any = SimpleNamespace(engine=None)
    with pytest.raises(Fault) as fault:
        engine_of(nothing)
    assert fault.value.faultcode == "Server.NotHere"


def test_who_acts_is_the_members_officer() -> None:
    asked = SimpleNamespace(udc=SimpleNamespace(consumer="DIN", officer=" Ə. Quliyev "))
    assert acting_as(asked) == "DIN/Ə. Quliyev"
    asked.udc.officer = " "
    with pytest.raises(OfficerUnnamed):
        acting_as(asked)
