"""An exchange is read wherever its records are, and where all of them are in the log nothing else is asked."""

from pathlib import Path

import pytest
from support.archives import SIGNER, a_request, archived, dropped, exchange_at, fill, moment
from support.records import a_record
from support.sealed import MASTERS, OPEN

from esb.audit.depot import Depot, Folder
from esb.audit.entry import Kind
from esb.audit.leaf import leaf_hash
from esb.audit.log import EvidenceReader
from esb.audit.store import open_data_keys, open_store
from esb.audit.vault import ArchivedAway, Vault
from esb.audit.whole import WholeReader


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    fill(url, masters=MASTERS)
    return url


def test_what_has_left_the_log_is_read_as_before(url: str, tmp_path: Path) -> None:
    depot = Folder(tmp_path / "archive")
    exchange = exchange_at(moment("2026-10") + 3, "2026-10 3")
    log = EvidenceReader(url, OPEN)
    before, bodies = log.show(exchange), log.bodies(f"{exchange}-q")
    assert before[0].sealed
    archived(url, depot)
    dropped(url, depot)
    assert (log.show(exchange), log.bodies(f"{exchange}-q")) == ([], None)
    log.close()
    vault = Vault(url, lambda: SIGNER.key, lambda: [depot])
    whole = WholeReader(url, vault, OPEN)
    assert (whole.show(exchange), whole.bodies(f"{exchange}-q")) == (before, bodies)
    assert whole.bodies(f"{exchange}-a") is None
    keys = open_data_keys(url)
    keys.shred([key.id for key in keys.all()], 1_800_000_000)
    keys.close()
    shredded = WholeReader(url, vault, OPEN)
    assert (shredded.show(exchange), shredded.bodies(f"{exchange}-q")) == (before, None)
    for each in (whole, shredded, vault):
        each.close()


def test_a_request_that_left_before_its_answer_is_read_with_it(url: str, tmp_path: Path) -> None:
    depot = Folder(tmp_path / "archive")
    asked = a_request(moment("2026-10") + 3, "2026-10 3")
    exchange = asked.entry.exchange
    store = open_store(url)
    bound = leaf_hash(asked.leaf).hex()
    store.write([a_record(exchange, Kind.ANSWER, at=moment("2026-10") + 9, request_leaf=bound)])
    store.close()
    archived(url, depot)
    dropped(url, depot)
    given: list[Depot] = []
    vault = Vault(url, lambda: SIGNER.key, lambda: given)
    whole = WholeReader(url, vault, OPEN)
    with pytest.raises(ArchivedAway):
        whole.show(exchange)
    given.append(depot)
    assert [each.entry.kind for each in whole.show(exchange)] == [Kind.REQUEST, Kind.ANSWER]
    last = exchange_at(moment("2026-12") + 3, "2026-12 3")
    depot.path.rename(tmp_path / "away")
    assert len(whole.show(last)) == 1
    assert whole.bodies(f"{last}-q") == (b"<m>2026-12 3</m>", b"")
    assert len(WholeReader(url, None).show(last)) == 1
    whole.close()
    vault.close()
