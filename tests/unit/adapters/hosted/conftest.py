"""A hosted service with an operation for each thing that can happen."""

from collections.abc import Callable
from typing import Any

import pytest

from esb.adapters.hosted.typed import (
    Asked,
    Boolean,
    ComplexModel,
    Date,
    Decimal,
    Fault,
    HostedService,
    ServiceBase,
    Unicode,
    operation,
)

NS = "urn:test:sample:1"


class Values(ComplexModel):
    __namespace__ = NS
    text = Unicode(nillable=False)
    flag = Boolean(nillable=False)
    day = Date(nillable=False)
    amount = Decimal(nillable=False)


class MoreValues(Values):
    __namespace__ = NS
    more = Unicode(nillable=False)


def echo(ctx: Any, values: Values) -> Values:
    return values


def echo_more(ctx: Any, values: MoreValues) -> MoreValues:
    return values


def who(ctx: Any) -> str:
    asked = ctx.udc
    return f"{asked.exchange} {asked.consumer} {asked.client} {asked.service} {asked.operation} {asked.bus}"


def refuse(ctx: Any, reason: str) -> str:
    raise Fault("Client.NotToday", reason)


def fail(ctx: Any) -> str:
    raise RuntimeError("secret: FIN 5ABC123")


def misfit(ctx: Any) -> Values:
    return Values(text="\x00", amount="not a number")


class Sample(ServiceBase):
    """A sample."""

    same = operation("echo", Values.customize(nillable=False), returns=Values, answer="values")(echo)
    same_more = operation("echoMore", MoreValues, returns=MoreValues, answer="values")(echo_more)
    who = operation("who", returns=Unicode, answer="told")(who)
    refuse = operation("refuse", Unicode, returns=Unicode, answer="told")(refuse)
    fail = operation("fail", returns=Unicode, answer="told")(fail)
    misfit = operation("misfit", returns=Values, answer="values")(misfit)


@pytest.fixture(scope="session")
def sample() -> HostedService:
    return HostedService(Sample, NS, "Sample")


@pytest.fixture(scope="session")
def asked() -> Asked:
    return Asked("x-1", "EESMN", "EESMN/HR", "DIN/IAMAS/Sample/v1", "echo", "the bus")


@pytest.fixture(scope="session")
def enveloped() -> Callable[[str], bytes]:
    """A plain envelope around an operation's element, as the bus writes it; ``s:`` is the sample's namespace."""

    def envelope(content: str) -> bytes:
        return (
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'xmlns:s="{NS}">{content}</soap:Body></soap:Envelope>'
        ).encode()

    return envelope
