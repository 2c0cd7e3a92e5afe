"""How far a message has come, at every step."""

from support.rig import Rig

from esb.kernel.message import (
    Accepted,
    Answered,
    Authenticated,
    Authorized,
    JudgedAnswer,
    Parsed,
    Received,
    Routed,
    Validated,
    VerifiedAnswer,
)
from esb.stages.progress import Progress
from esb.stages.sign import sign

KINDS = (
    Received,
    Parsed,
    Authenticated,
    Authorized,
    Validated,
    Accepted,
    Routed,
    Answered,
    VerifiedAnswer,
    JudgedAnswer,
)


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
    assert progress.reached(Received) is received
    assert (progress.authenticated, progress.authorized) == (None, None)


def test_every_step_remembers_those_before_it_and_no_other(rig: Rig) -> None:
    messages = (
        rig.received(),
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
    for place, message in enumerate(messages):
        assert type(message) is KINDS[place]
        progress = Progress.of(rig.received())
        progress.message = message
        for number, kind in enumerate(KINDS):
            assert (progress.reached(kind) is not None) is (number <= place), (type(message), kind)


def test_a_signed_answer_is_still_an_accepted_request(rig: Rig) -> None:
    progress = Progress.of(rig.received())
    progress.message = sign(rig.judged(), rig.way)
    assert progress.reached(Accepted) is not None
    assert progress.authorized is not None
    assert progress.authenticated is not None
    assert progress.authenticated.consumer == "EESMN"


def test_refused_at_the_door_nothing_was_reached(rig: Rig) -> None:
    received = rig.received()
    progress = Progress("x", 1.0, "/p", received.version, b"raw", "192.0.2.7")
    assert progress.stage == "receive"
    assert all(progress.reached(kind) is None for kind in KINDS)
