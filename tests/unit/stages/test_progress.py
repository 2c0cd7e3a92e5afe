"""How far a message has come, at every step."""

from support.rig import Rig

from esb.kernel.message import Accepted, Authenticated, Authorized
from esb.stages.progress import Progress


def test_it_begins_with_what_came_in(rig: Rig) -> None:
    received = rig.received()
    progress = Progress.of(received)
    assert (progress.exchange, progress.at, progress.raw, progress.version) == (
        received.exchange,
        received.at,
        received.raw,
        received.version,
    )
    assert (progress.path, progress.peer, progress.stage) == (received.path, "192.0.2.7", "parse")
    assert progress.message is received
    assert (progress.authenticated, progress.authorized, progress.accepted) == (None, None, None)


def test_every_step_remembers_those_before_it_and_no_other(rig: Rig) -> None:
    messages = (
        rig.parsed(),
        rig.authenticated(),
        rig.authorized(),
        rig.validated(),
        rig.accepted(),
        rig.routed(),
        rig.answered(),
        rig.verified(),
        rig.judged(),
    )
    progress = Progress.of(rig.received())
    seen = set()
    for message in messages:
        progress.came_to(message)
        seen.add(type(message))
        assert progress.message is message
        for kind, found in (
            (Authenticated, progress.authenticated),
            (Authorized, progress.authorized),
            (Accepted, progress.accepted),
        ):
            assert type(found) is (kind if kind in seen else type(None))


def test_refused_at_the_door_nothing_was_reached(rig: Rig) -> None:
    received = rig.received()
    progress = Progress("x", 1.0, "/p", received.version, b"raw", "192.0.2.7")
    assert progress.stage == "receive"
    assert (progress.message, progress.authenticated, progress.authorized, progress.accepted) == (None,) * 4
