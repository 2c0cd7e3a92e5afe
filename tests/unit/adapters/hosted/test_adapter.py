"""The hosted adapter: time, load and missing services, with time held still."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from esb.adapters.hosted.adapter import HostedAdapter
from esb.adapters.hosted.find import HostedUnknown
from esb.adapters.hosted.typed import HostedService, ServiceBase, Unicode, operation
from esb.adapters.hosted.workers import THREADS, WAITING
from esb.kernel.faults import Refusal
from esb.kernel.message import Outgoing, ProviderAnswer
from esb.kernel.soap import SoapVersion

MAY_END = threading.Event()
BEGAN = threading.Semaphore(0)


def wait(ctx: Any) -> str:
    BEGAN.release()
    MAY_END.wait(20)
    return "ended"


class Slow(ServiceBase):
    wait = operation("wait", returns=Unicode, answer="told")(wait)


class StillReactor(Clock):
    """Time that stands still; what threads send is done when :meth:`settle` is called."""

    def __init__(self) -> None:
        super().__init__()
        self._arrived = threading.Condition()
        self._calls: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[..., object], *arguments: Any) -> None:
        with self._arrived:
            self._calls.append(lambda: call(*arguments))
            self._arrived.notify_all()

    def settle(self, deferred: "Deferred[Any]") -> Any:
        """Do what threads send until ``deferred`` has fired; give its result or raise its exception."""
        ended: list[Any] = []
        deferred.addBoth(ended.append)
        while not ended:
            with self._arrived:
                assert self._arrived.wait_for(lambda: self._calls, 10)
                call = self._calls.pop(0)
            call()
        if hasattr(ended[0], "raiseException"):
            ended[0].raiseException()
        return ended[0]


@pytest.fixture
def reactor() -> StillReactor:
    return StillReactor()


@pytest.fixture
def failures() -> list[Any]:
    return []


@pytest.fixture(autouse=True)
def ending() -> Iterator[None]:
    MAY_END.clear()
    yield
    MAY_END.set()


@pytest.fixture
def adapter(reactor: StillReactor, sample: HostedService, failures: list[Any]) -> HostedAdapter:
    services = {"sample": sample, "slow": HostedService(Slow, "urn:test:sample:1", "Slow")}

    def find(name: str) -> HostedService:
        if name not in services:
            raise HostedUnknown("there is none")
        return services[name]

    return HostedAdapter(reactor, "the bus", lambda exchange, error: failures.append((exchange, error)), find)


@pytest.fixture
def ask(
    adapter: HostedAdapter, outgoing: Callable[..., Outgoing], enveloped: Callable[[str], bytes]
) -> Callable[..., "Deferred[ProviderAnswer]"]:
    def call(name: str, content: str, **service: Any) -> "Deferred[ProviderAnswer]":
        request = outgoing(enveloped(content), operation={"name": "told"}, endpoint=name, adapter="hosted", **service)
        return ensureDeferred(adapter.ask(request))

    return call


Ask = Callable[..., "Deferred[ProviderAnswer]"]


def test_an_answer_is_soap_11_and_knows_who_asked(reactor: StillReactor, ask: Ask) -> None:
    answer = reactor.settle(ask("sample", "<s:who/>"))
    assert answer.version is SoapVersion.V11
    assert answer.charset == "utf-8"
    assert b">x-1 EESMN EESMN/HR DIN/IAMAS/Sample/v1 told the bus<" in answer.data


def test_a_service_that_takes_too_long(reactor: StillReactor, ask: Ask) -> None:
    slow = ask("slow", "<s:wait/>", timeout=2.0)
    assert BEGAN.acquire(timeout=10)
    reactor.advance(1.9)
    assert not slow.called
    reactor.advance(0.2)
    with pytest.raises(Refusal) as refused:
        reactor.settle(slow)
    assert refused.value.rule.id == "PRV-02"


def test_one_slow_service_leaves_others_alone_and_is_bounded(reactor: StillReactor, ask: Ask) -> None:
    running = [ask("slow", "<s:wait/>") for _ in range(THREADS)]
    for _ in running:
        assert BEGAN.acquire(timeout=10)
    waiting = [ask("slow", "<s:wait/>") for _ in range(WAITING)]
    with pytest.raises(Refusal) as refused:
        reactor.settle(ask("slow", "<s:wait/>"))
    assert (refused.value.rule.id, refused.value.retry_after) == ("BUS-02", 2)
    assert reactor.settle(ask("sample", "<s:who/>")).data
    MAY_END.set()
    for each in running + waiting:
        assert b"ended" in reactor.settle(each).data


def test_a_service_that_this_bus_does_not_host(reactor: StillReactor, ask: Ask, failures: list[Any]) -> None:
    with pytest.raises(Refusal) as refused:
        reactor.settle(ask("missing", "<s:who/>"))
    assert refused.value.rule.id == "PRV-01"
    assert [(exchange, type(error)) for exchange, error in failures] == [("x-1", HostedUnknown)]


def test_what_fails_in_a_service_is_an_answer_and_is_told(reactor: StillReactor, ask: Ask, failures: list[Any]) -> None:
    answer = reactor.settle(ask("sample", "<s:fail/>"))
    assert b"Fault" in answer.data
    assert b"secret" not in answer.data
    assert [exchange for exchange, _ in failures] == ["x-1"]
