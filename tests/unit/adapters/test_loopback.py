"""The loopback adapter: its answers, its journal."""

from collections.abc import Callable

import pytest
from twisted.internet.defer import ensureDeferred

from esb.adapters.loopback import LoopbackAdapter
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import Outgoing, ProviderAnswer
from esb.kernel.soap import SoapVersion


def test_it_answers_and_keeps_a_journal(outgoing: Callable[..., Outgoing]) -> None:
    answers: list[ProviderAnswer] = []
    adapter = LoopbackAdapter(lambda request: ProviderAnswer(SoapVersion.V11, request.envelope * 2))
    request = outgoing(b"<x/>")
    ensureDeferred(adapter.ask(request)).addCallback(answers.append)
    assert answers == [ProviderAnswer(SoapVersion.V11, b"<x/><x/>")]
    assert adapter.journal == [request]


def test_a_refusal_comes_out_and_stays_in_the_journal(outgoing: Callable[..., Outgoing]) -> None:
    def refuse(_: Outgoing) -> ProviderAnswer:
        raise Refusal(rules.PRV_CONNECT, "nobody there")

    adapter = LoopbackAdapter(refuse)
    with pytest.raises(Refusal, match="nobody there"):
        adapter.ask(outgoing()).send(None)
    assert len(adapter.journal) == 1
