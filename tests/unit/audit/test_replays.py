"""Message ids are remembered for two days, by whichever clock is behind; those of records that leave go first."""

import time

import psycopg
from support.archives import SIGNER, a_request

from esb.audit.replays import REMEMBERED, forget
from esb.audit.store import open_store, open_tree
from esb.audit.walk import walk


def remembered(asked: psycopg.Connection) -> list[int]:
    return [at for (at,) in asked.execute("SELECT at FROM evidence.replay ORDER BY at").fetchall()]


def test_what_is_older_than_two_days_is_forgotten_in_small_steps(fresh_postgres_dsn: str) -> None:
    url, last = fresh_postgres_dsn, 1_700_000_000_000_000
    store, tree = open_store(url), open_tree(url)
    ages = [REMEMBERED * 2, REMEMBERED + 2, REMEMBERED + 1, REMEMBERED, 5, 0]
    store.write([a_request(last - age, str(age)) for age in ages])
    with psycopg.connect(url, autocommit=True) as asked:
        assert forget(asked, 2) == 2
        assert remembered(asked) == [last - age for age in ages[2:]]
        while tree.add():
            pass
        tree.publish(SIGNER.checkpoint)  # whoever sequences goes on with it
        assert remembered(asked) == [last - age for age in ages[3:]]
    assert walk(url, SIGNER.key).findings == []
    store.close()
    tree.close()


def test_a_bus_whose_clock_is_ahead_makes_it_forget_nothing(fresh_postgres_dsn: str) -> None:
    store, now = open_store(fresh_postgres_dsn), int(time.time() * 1_000_000)
    store.write([a_request(now, "now"), a_request(now + 9 * REMEMBERED, "ahead")])
    with psycopg.connect(fresh_postgres_dsn, autocommit=True) as asked:
        assert forget(asked) == 0
        assert len(remembered(asked)) == 2
    store.close()
