"""Workers with their evidence in PostgreSQL: one log, few connections, and the day's quotas after a whole restart."""

import http.client
import threading
from collections.abc import Callable

import psycopg
from support.client import Reply
from support.place import PERSONS, Place
from support.way import MEDIA, path_of

from esb.kernel.soap import SoapVersion


def test_one_log_and_one_quota(
    make_own: Callable[..., Place], fresh_postgres_dsn: str, fresh_name: Callable[[], str]
) -> None:
    place = make_own(SHLUZ_EVIDENCE_URL=fresh_postgres_dsn)
    member = place.member(f"P{fresh_name()}")
    place.grant(member.code, per_day=12)
    with place.serve(workers=2):
        assert place.bus is not None
        connections = place.bus.connect_to_each()
        for number in range(5):
            message = member.sign(ident=f"both-{number}")
            assert sorted(_at_once(connections, message)) == ["", "TIM-04"]
        assert len(place.provider.journal) == 5
        with psycopg.connect(fresh_postgres_dsn) as admin:
            query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shluz-evidence'"
            held = admin.execute(query).fetchone()
        assert held is not None
        # Each worker holds one to write, one for the keys of messages, one for its turn in the tree, and one to read
        # once it had to; the one that tends the tree has five more, to index, time-stamp and keep it.
        assert 6 <= held[0] <= 2 * 4 + 5
    # Counted once from the log, and not by each worker.
    with place.serve(workers=2):
        assert place.bus is not None
        connections = place.bus.connect_to_each()
        rules = [_over(connections[number % 2], member.sign()) for number in range(9)]
        assert rules == [""] * 7 + ["ACC-08"] * 2


def _over(connection: http.client.HTTPConnection, message: bytes) -> str:
    connection.request("POST", path_of(PERSONS), message, {"Content-Type": MEDIA[SoapVersion.V11]})
    answer = connection.getresponse()
    return Reply(answer.status, {}, answer.read()).rule


def _at_once(connections: dict[int, http.client.HTTPConnection], message: bytes) -> list[str]:
    rules: list[str] = []
    barrier = threading.Barrier(len(connections))

    def ask(connection: http.client.HTTPConnection) -> None:
        barrier.wait(10)
        rules.append(_over(connection, message))

    threads = [threading.Thread(target=ask, args=(each,)) for each in connections.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return rules
