"""The same octets are kept once; what was in force is found again (tests/unit/admin/test_list_fetcher.py)."""

from pathlib import Path

from esb.registry.database import open_database, reading
from esb.registry.migrations import upgrade
from esb.registry.revocation import Kept, keep, revocation_evidence


def test_the_same_octets_are_kept_once_and_known_only_from_then_on(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'r.db'}")
    upgrade(engine)
    answer = Kept("ocsp", "1" * 64, b"answer", 100.0, 200.0, "revoked", "superseded")
    assert keep(engine, answer, 150.0)
    assert not keep(engine, answer, 160.0)
    with reading(engine) as session:
        assert revocation_evidence(session, "1" * 64, "2" * 64, 120.0) == []  # it had not been received yet
        assert revocation_evidence(session, "1" * 64, "2" * 64, 170.0) == [answer]
    engine.dispose()
