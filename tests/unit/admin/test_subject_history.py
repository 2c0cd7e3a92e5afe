"""Histories; what they tell on the wire and on both databases is in tests/way/test_subjects.py."""

from pathlib import Path

import pytest
from support.archives import SIGNER

from esb.admin.subject_history import Asked, Histories, View
from esb.audit.record import StoreUnavailable
from esb.audit.vault import Vault
from esb.kernel.pseudonyms import Pseudonyms
from esb.registry.acts import list_changes
from esb.registry.database import open_database, reading
from esb.registry.errors import Invalid

KEYS = Pseudonyms([b"1" * 32])


def test_the_act_is_recorded_though_the_log_is_away(sqlite_database: str, tmp_path: Path) -> None:
    engine = open_database(sqlite_database)
    url = f"sqlite:///{tmp_path / 'nothing.db'}"
    histories = Histories(engine, url, lambda: KEYS, lambda: Vault(url, lambda: SIGNER.key, tuple))
    with pytest.raises(Invalid):
        histories.read("nobody", Asked(), View.PERSON, "why", author="a", now=1.0)
    with pytest.raises(StoreUnavailable):
        histories.read("5ABC123", Asked(until=7), View.PERSON, "why", author="a", now=1.0)
    with reading(engine) as session:
        (row,) = list_changes(session)
        assert (row.key, row.detail) == (KEYS.of("5ABC123"), {"view": "person", "reason": "why", "until": 7})
    histories.close()
    engine.dispose()
