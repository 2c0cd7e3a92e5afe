"""Several workers are one bus: one port, one registry, one log, one quota, one memory of what was seen."""

import http.client
import json
import threading
from collections.abc import Callable
from functools import partial

from support.client import Reply
from support.place import PERSONS, Place
from support.way import MEDIA, path_of

from esb.audit.entry import Kind
from esb.kernel.soap import SoapVersion


def over(connection: http.client.HTTPConnection, message: bytes) -> Reply:
    connection.request("POST", path_of(PERSONS), message, {"Content-Type": MEDIA[SoapVersion.V11]})
    answer = connection.getresponse()
    return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


def at_once(*acts: Callable[[], Reply]) -> list[Reply]:
    replies: list[Reply] = []
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Reply]) -> None:
        barrier.wait(10)
        replies.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(replies) == len(acts)
    return replies


def test_each_worker_answers_at_the_one_port(crew: Place) -> None:
    assert crew.bus is not None
    connections = crew.bus.connect_to_each()
    assert set(connections) == {0, 1}
    for worker, connection in connections.items():
        connection.request("GET", "/readyz")
        told = json.loads(connection.getresponse().read())
        assert (told["ready"], told["worker"]) == (True, worker)
        reply = over(connection, crew.consumers["EESMN"].sign())
        assert (reply.status, reply.text("//*[local-name()='surname']")) == (200, "Əliyeva")
        assert [one.entry.kind for one in crew.records(reply.exchange)] == [Kind.REQUEST, Kind.ANSWER]


def test_a_change_of_the_registry_reaches_every_worker(crew: Place, fresh_name: Callable[[], str]) -> None:
    assert crew.bus is not None
    connections = crew.bus.connect_to_each()
    member = crew.member(f"W{fresh_name()}")
    crew.settle()
    assert [over(each, member.sign()).rule for each in connections.values()] == ["ACC-02"] * 2
    crew.grant(member.code)
    crew.settle()
    assert [over(each, member.sign()).status for each in connections.values()] == [200] * 2


def test_the_same_message_at_two_workers_at_once_is_delivered_once(crew: Place) -> None:
    """Both ways round: whichever record is first decides, and the other is a replay."""
    assert crew.bus is not None
    connections = crew.bus.connect_to_each()
    for number in range(10):
        crew.provider.reset()
        message = crew.consumers["EESMN"].sign(ident=f"both-{number}")
        order = sorted(connections, reverse=bool(number % 2))
        replies = at_once(*(partial(over, connections[worker], message) for worker in order))
        assert sorted(reply.status for reply in replies) == [200, 500]
        assert {reply.rule for reply in replies} == {"", "TIM-04"}
        assert len(crew.provider.journal) == 1


def test_a_message_seen_by_one_worker_is_a_replay_at_the_other(crew: Place) -> None:
    assert crew.bus is not None
    connections = crew.bus.connect_to_each()
    for first, second in ((0, 1), (1, 0)):
        crew.provider.reset()
        message = crew.consumers["EESMN"].sign()
        assert over(connections[first], message).status == 200
        again = over(connections[second], message)
        assert again.rule == "TIM-04"
        assert "Əliyeva".encode() not in again.body
        assert len(crew.provider.journal) == 1


def test_a_days_quota_is_of_all_workers_together(crew: Place, fresh_name: Callable[[], str]) -> None:
    """And a captured message that is sent again and again uses up nothing of it."""
    assert crew.bus is not None
    member = crew.member(f"Q{fresh_name()}")
    crew.grant(member.code, per_day=15)
    crew.settle()
    connections = list(crew.bus.connect_to_each().values())
    captured = member.sign()
    assert over(connections[0], captured).status == 200
    for number in range(6):
        assert over(connections[number % 2], captured).rule == "TIM-04"

    def ask(connection: http.client.HTTPConnection, rules: list[str]) -> Callable[[], Reply]:
        def act() -> Reply:
            for _ in range(12):
                reply = over(connection, member.sign())
                rules.append(reply.rule)
            return reply

        return act

    rules: list[str] = []
    at_once(*(ask(each, rules) for each in connections))
    assert (rules.count(""), rules.count("ACC-08")) == (14, 10)


def test_a_lawful_registration_of_workers_is_told(crew: Place) -> None:
    assert crew.bus is not None
    ready = crew.bus.wait_for("ready")
    assert (ready["workers"], ready["log"]) == (2, "supervisor")
    assert {line["worker"] for line in crew.bus.of("worker ready")} == {0, 1}
