"""PostgreSQL, which keeps the evidence, goes away under load and comes back: refused meanwhile, nothing lost."""

from collections.abc import Callable

from support.faults.outage import outage
from support.faults.postgres import Postgres
from support.faults.scene import Scene


def test_killed_and_shut_down_in_a_hurry(play: Callable[..., Scene], killable_postgres: Postgres) -> None:
    """SIGKILL to the postmaster and all its children; then an immediate shutdown, which lets a bus notice."""
    server = killable_postgres
    scene = play(evidence=server.url, every=3)
    outage(scene, server.kill, server.start, stop=False)
    outage(scene, server.stop_at_once, server.start)


def test_a_database_that_has_become_read_only(play: Callable[..., Scene], killable_postgres: Postgres) -> None:
    """As a standby is: it answers, and takes nothing."""
    server = killable_postgres
    scene = play(evidence=server.url, every=3)

    def set_read_only(value: str) -> None:
        server.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}", "SELECT pg_reload_conf()")

    outage(scene, lambda: set_read_only("on"), lambda: set_read_only("off"))
