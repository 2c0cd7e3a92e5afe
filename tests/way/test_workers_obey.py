"""What an officer takes away is gone within two seconds on every worker, while the consumer goes on asking."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from support.client import Consumer, Reply
from support.place import PERSONS, Place
from support.way import MEDIA, another, path_of

from esb.admin.grants import approve, request, revoke
from esb.admin.members import set_standing
from esb.kernel.directory import MemberStatus
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.grants import Leave

LIMIT = 2.0
OFFICERS = ("leyla", "aydin")


@pytest.fixture(scope="module")
def pair(make_own: Callable[..., Place]) -> Iterator[Place]:
    """A bus of two workers that look for changes as often as they do by default."""
    place = make_own(SHLUZ_REGISTRY_POLL_SECONDS="1")
    with place.serve(workers=2):
        yield place


@dataclass
class Live:
    """A consumer that asks one worker again and again over a connection that it keeps.

    ``seen`` holds, for each answer, when its request was begun and the rule of its refusal ("" for an answer).
    """

    connection: http.client.HTTPConnection
    consumer: Consumer
    service: ServiceId
    seen: list[tuple[float, str]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        try:
            while not self.stopping.is_set():
                began = time.monotonic()
                headers = {"Content-Type": MEDIA[SoapVersion.V11]}
                self.connection.request("POST", path_of(self.service), self.consumer.sign(), headers)
                answer = self.connection.getresponse()
                self.seen.append((began, Reply(answer.status, {}, answer.read()).rule))
                time.sleep(0.01)
        except (OSError, http.client.HTTPException) as error:
            self.errors.append(error)

    def wait_for(self, rule: str, seconds: float) -> float:
        """Until the worker answers so; returns how long that took from now on."""
        begin = time.monotonic()
        while True:
            since = [began for began, found in self.seen if found == rule and began >= begin]
            if since:
                return since[0] - begin
            assert time.monotonic() - begin < seconds, f"{self.seen[-1:]} after {seconds} seconds, not {rule!r}"
            assert not self.errors, self.errors
            time.sleep(0.005)


class Crowd:
    """Consumers that are live, each at one worker of the bus."""

    def __init__(self, place: Place, *askers: tuple[Consumer, ServiceId]) -> None:
        assert place.bus is not None
        self.lives: list[Live] = []
        for consumer, service in askers:
            connections = place.bus.connect_to_each()
            assert set(connections) == {0, 1}
            self.lives += [Live(each, consumer, service) for each in connections.values()]
        self._threads = [threading.Thread(target=live.ask, daemon=True) for live in self.lives]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for live in self.lives:
            live.stopping.set()
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads)

    def all_hear(self, *rules: str, seconds: float = LIMIT) -> None:
        """Each of them hears, within the limit from now, what is wanted of it, and nothing else from then on."""
        begin = time.monotonic()
        for live, rule in zip(self.lives, rules, strict=True):
            live.wait_for(rule, begin + seconds - time.monotonic())
        settled = begin + seconds
        time.sleep(max(0.0, settled - time.monotonic()) + 0.3)
        for live, rule in zip(self.lives, rules, strict=True):
            after = [found for began, found in list(live.seen) if began > settled]
            assert after, "nobody asked any more"
            assert set(after) == {rule}


def requested(place: Place, consumer: str, service: ServiceId = PERSONS) -> int:
    leave = Leave("test", "Law 1", time.time() - 60)
    return request(place.engine, consumer, service, leave, author=OFFICERS[0], now=time.time())


def test_a_revoked_grant_stops_a_live_consumer_on_every_worker(pair: Place) -> None:
    """Before a second officer approves it nothing passes, and from its revocation on nothing does."""
    member = pair.member("LIVE")
    number = requested(pair, "LIVE")
    with Crowd(pair, (member, PERSONS)) as crowd:
        crowd.all_hear("ACC-02", "ACC-02", seconds=5.0)
        approve(pair.engine, number, author=OFFICERS[1], now=time.time())
        crowd.all_hear("", "")
        revoke(pair.engine, number, "no longer needed", author=OFFICERS[0], now=time.time())
        crowd.all_hear("ACC-02", "ACC-02")
    assert all(not live.errors for live in crowd.lives)


def test_a_suspended_member_neither_asks_nor_is_asked_on_every_worker(pair: Place) -> None:
    member, other = pair.member("BOTH"), pair.consumers["EESMN"]
    offered = another(pair, "BOTH/SYS/PersonQuery/v1", settle=False)
    for consumer, service in (("BOTH", PERSONS), ("EESMN", offered)):
        approve(pair.engine, requested(pair, consumer, service), author=OFFICERS[1], now=time.time())

    def let(status: MemberStatus) -> None:
        reason = "incident 7"
        set_standing(pair.engine, "BOTH", status, reason, agreement_required=False, author=OFFICERS[0], now=time.time())

    with Crowd(pair, (member, PERSONS), (other, offered)) as crowd:
        crowd.all_hear("", "", "", "", seconds=5.0)
        let(MemberStatus.SUSPENDED)
        crowd.all_hear("ACC-01", "ACC-01", "RTE-03", "RTE-03")
        let(MemberStatus.ACTIVE)
        crowd.all_hear("", "", "", "")
        let(MemberStatus.LEFT)
        # Its certificate is revoked along with it, which is looked at before who it is.
        crowd.all_hear("CRT-05", "CRT-05", "RTE-03", "RTE-03")
    assert all(not live.errors for live in crowd.lives)
