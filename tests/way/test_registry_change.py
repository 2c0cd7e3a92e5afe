"""A change of the registry is in force within two seconds, without a restart and without anybody telling the bus."""

from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives import hashes
from support.place import Place
from support.way import Asker, another

from esb.kernel.directory import MemberStatus, ServiceStatus
from esb.registry.certificates import revoke_certificate
from esb.registry.grants import revoke_grant
from esb.registry.members import set_member_status
from esb.registry.models import RevocationReason
from esb.registry.services import update_service

LIMIT = 2.0


@pytest.fixture(scope="module")
def polling(make_own: Callable[..., Place]) -> Iterator[Place]:
    """A bus that looks for changes as often as it does by default."""
    place = make_own(SHLUZ_REGISTRY_POLL_SECONDS="1")
    with place.serve():
        yield place


def soon(place: Place, outcomes: Callable[[], list[str]], wanted: list[str]) -> None:
    """Ask until the outcomes are as wanted; it must be within the limit."""
    begin = place.clock.monotonic()
    while (found := outcomes()) != wanted:
        assert place.clock.monotonic() - begin < LIMIT, f"{found} still, after {LIMIT} seconds"


def test_it_is_seen_soon(polling: Place) -> None:
    asker = Asker(polling)
    newcomer, dismissed, careless = (polling.member(code) for code in ("NEW", "DISMISSED", "CARELESS"))
    paused = another(polling, "DIN/IAMAS/Paused/v1", settle=False)
    kept = polling.grant("DISMISSED")
    polling.grant("CARELESS")
    polling.grant("EESMN", paused)

    def outcomes() -> list[str]:
        return [
            asker.ask(newcomer).reply.rule,
            asker.ask(dismissed).reply.rule,
            asker.ask(careless).reply.rule,
            asker.ask(service=paused).reply.rule,
        ]

    soon(polling, outcomes, ["ACC-02", "", "", ""])
    assert careless.certificate is not None
    digest = careless.certificate.fingerprint(hashes.SHA256()).hex()
    polling.grant("NEW")
    with polling.acting() as act:
        revoke_grant(act, kept, "no longer needed")
        revoke_certificate(act, digest, RevocationReason.KEY_COMPROMISE)
        update_service(act, paused, status=ServiceStatus.SUSPENDED)
    soon(polling, outcomes, ["", "ACC-02", "CRT-05", "RTE-03"])
    with polling.acting() as act:
        set_member_status(act, "NEW", MemberStatus.SUSPENDED, "as was decided")
        update_service(act, paused, status=ServiceStatus.ACTIVE)
    soon(polling, outcomes, ["ACC-01", "ACC-02", "CRT-05", ""])
    # Those whom it does not touch never notice.
    assert asker.ask().reply.status == 200
