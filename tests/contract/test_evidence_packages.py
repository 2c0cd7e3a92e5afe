"""What proves an exchange is gathered from a log on SQLite and on PostgreSQL, also once its month has left the log."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.packages import Packages, copied, let_go, make_packages

from esb.admin.evidence.container import read_container
from esb.admin.evidence.layout import FACTS, README, read_facts
from esb.audit.depot import Folder
from esb.audit.log import EvidenceReader
from esb.audit.vault import ArchivedAway, Vault


@pytest.fixture(params=["sqlite", "postgresql"])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Packages:
    """A bus that has served, with its evidence log on either database."""
    if request.param == "sqlite":
        return copied(request.getfixturevalue("packages"), tmp_path)
    return make_packages(tmp_path, SHLUZ_EVIDENCE_URL=request.getfixturevalue("fresh_postgres_dsn"))


@pytest.fixture
def depots() -> list[Folder]:
    """Where somebody has said that the archive is."""
    return []


@pytest.fixture
def vault(own: Packages, depots: list[Folder]) -> Iterator[Vault]:
    with closing(Vault(own.sources.log, lambda: own.log_key, lambda: depots)) as vault:
        yield vault


def test_the_same_is_proven_out_of_the_log_and_out_of_its_archive(
    own: Packages, vault: Vault, depots: list[Folder], tmp_path: Path
) -> None:
    sources = replace(own.sources, vault=vault)
    names = {
        name: own.exchanges[name].records[0].entry.exchange for name in ("answered", "late", "one-way", "stranger")
    }
    before = {name: own.export(exchange, sources).octets for name, exchange in names.items()}
    let_go(own, Folder(tmp_path / "archive"))
    log = EvidenceReader(own.sources.log)
    assert [log.show(exchange) for exchange in names.values()] == [[]] * len(names)
    log.close()
    with pytest.raises(ArchivedAway, match="--archive"):
        own.export(names["late"], sources)
    depots.append(Folder(tmp_path / "archive"))
    for name, exchange in names.items():
        octets = own.export(exchange, sources).octets
        first, second = read_container(before[name]).files, read_container(octets).files
        assert first.keys() == second.keys()
        assert {each for each in first if first[each] != second[each]} <= {FACTS, README}
        told = read_facts(first[FACTS])
        assert replace(read_facts(second[FACTS]), made_at=told.made_at) == told
        assert [(step.name, step.result) for step in own.verify(octets).steps] == [
            (step.name, step.result) for step in own.verify(before[name]).steps
        ]
    # By the name of a record too: its exchange's id is in it.
    assert own.export(f"{names['late']}-q", sources).gathered.facts.records == ("request", "refusal")
