"""An exchange is found in the archive by its id, in a few files of many; what is false is refused."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.archives import SIGNER, a_request, archived, dropped, exchange_at, fill, moment
from support.records import a_record

from esb.audit import package_write
from esb.audit.depot import DepotUnavailable, Folder
from esb.audit.entry import Kind
from esb.audit.leaf import leaf_hash
from esb.audit.package import PackageInvalid
from esb.audit.record import Record
from esb.audit.store import open_store, open_tree
from esb.audit.vault import ArchivedAway, Vault

STEP = 5_000_000  # microseconds between two requests
COUNT = 20 * 256
BEGIN = moment("2026-10")


@dataclass(frozen=True)
class Counted(Folder):
    """A folder that tells what was fetched from it."""

    fetched: list[str] = field(default_factory=list)

    def fetch(self, package: str, name: str, folder: Path) -> Path | None:
        self.fetched.append(name)
        return super().fetch(package, name, folder)


def answer_to(request: Record, at: int, kind: Kind = Kind.ANSWER) -> Record:
    bound = leaf_hash(request.leaf).hex()
    return a_record(request.entry.exchange, kind, b"", b"<sent/>", at=at, request_leaf=bound)


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Folder]:
    """A log whose October has left it, in a package of twenty files, and its archive."""
    folder = tmp_path_factory.mktemp("long")
    url, depot = f"sqlite:///{folder / 'evidence.db'}", Folder(folder / "archive")
    records = [a_request(BEGIN + at * STEP, f"o {at}") for at in range(COUNT - 3)]
    # Answered late: an hour of others lies between.  And one that was refused after its answer was recorded.
    late, both = records[2_200], records[4_000]
    records.insert(2_900, answer_to(late, BEGIN + 2_899 * STEP))
    records.insert(4_002, answer_to(both, BEGIN + 4_000 * STEP))
    records.insert(4_010, answer_to(both, BEGIN + 4_008 * STEP, Kind.REFUSAL))
    store, tree = open_store(url), open_tree(url)
    store.write(records)
    store.write([a_request(moment("2026-12"), "last")])
    while tree.add():
        pass
    tree.publish(SIGNER.checkpoint)
    store.close()
    tree.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package_write, "_LEAVES", 256)
        assert len(archived(url, depot, "2026-10")[0].members) == 20 + 2
    assert dropped(url, depot, "2026-10") == COUNT
    return url, depot


@pytest.fixture
def depot(long_log: tuple[str, Folder]) -> Counted:
    return Counted(long_log[1].path)


@pytest.fixture
def vault(long_log: tuple[str, Folder], depot: Counted) -> Iterator[Vault]:
    vault = Vault(long_log[0], lambda: SIGNER.key, lambda: [depot])
    yield vault
    vault.close()


@pytest.mark.parametrize("at", [0, 1, 255, 256, 2_560, 5_000, COUNT - 4])
def test_a_request_is_found_in_a_few_files_of_many(vault: Vault, depot: Counted, at: int) -> None:
    exchange = exchange_at(BEGIN + at * STEP, f"o {at}")
    (found,) = vault.find(exchange)
    assert (found.record, found.message) == (f"{exchange}-q", f"<m>o {at}</m>".encode())
    opened = len(set(depot.fetched))
    # Nothing answered it: an hour of what came after is looked through, which is three files here.
    assert opened <= 7
    assert vault.find(exchange) == [found]
    assert len(set(depot.fetched)) == opened


def test_an_answer_is_found_an_hour_later_and_a_refusal_after_it(vault: Vault) -> None:
    late = exchange_at(BEGIN + 2_200 * STEP, "o 2200")
    assert [each.record for each in vault.find(late)] == [f"{late}-q", f"{late}-a"]
    both = exchange_at(BEGIN + 4_000 * STEP, "o 4000")
    assert [each.record for each in vault.find(both)] == [f"{both}-q", f"{both}-a", f"{both}-r"]


def test_what_never_was_costs_nothing_where_nothing_of_its_age_has_left(vault: Vault, depot: Counted) -> None:
    assert vault.find("0197a3c4") == []
    assert vault.find(exchange_at(moment("2026-11"), "x")) == []
    assert vault.find("change-17-9f86d081884c7d65") == []
    assert depot.fetched == []
    assert vault.find(exchange_at(BEGIN + 77, "never")) == []


def test_uneven_times_are_found_by_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but a few records came within the last hour of the month, changes of years before among them."""
    monkeypatch.setattr(package_write, "_LEAVES", 256)
    url, depot = f"sqlite:///{tmp_path / 'evidence.db'}", Counted(tmp_path / "archive")
    late = BEGIN + 20 * 86_400 * 1_000_000
    records = [a_request(BEGIN + at, f"e {at}") for at in range(10)]
    records += [a_record(f"change-{at}-9f86d081884c7d65", Kind.CHANGE, at=7) for at in range(700)]
    records += [a_request(late + at * 1_000_000, f"l {at}") for at in range(8 * 256 - 710)]
    store, tree = open_store(url), open_tree(url)
    store.write(records)
    store.write([a_request(moment("2026-12"), "last")])
    while tree.add():
        pass
    tree.publish(SIGNER.checkpoint)
    store.close()
    tree.close()
    archived(url, depot, "2026-10")
    dropped(url, depot, "2026-10")
    vault = Vault(url, lambda: SIGNER.key, lambda: [depot])
    for at, name in ((BEGIN + 3, "e 3"), (late, "l 0"), (late + 1_200_000_000, "l 1200")):
        assert [each.message for each in vault.find(exchange_at(at, name))] == [f"<m>{name}</m>".encode()]
    vault.close()


def test_where_the_package_is_not_at_hand_it_is_said_which_and_what_to_type(
    long_log: tuple[str, Folder], tmp_path: Path
) -> None:
    url, depot = long_log
    exchange = exchange_at(BEGIN, "o 0")

    def away() -> list[Folder]:
        raise DepotUnavailable("the cable is cut")

    for depots, why in (
        (list[Folder], "nobody has said"),
        (away, "the cable is cut"),
        (lambda: [Folder(tmp_path)], "no rows-"),
    ):
        vault = Vault(url, lambda: SIGNER.key, depots)
        with pytest.raises(ArchivedAway, match=f"2026-10-000000000000-000000005120 .*{why}.* --archive {depot.path}"):
            vault.find(exchange)
        vault.close()


def test_an_altered_file_and_an_unsealed_entry_are_refused(tmp_path: Path) -> None:
    url, depot = f"sqlite:///{tmp_path / 'evidence.db'}", Folder(tmp_path / "archive")
    fill(url)
    archived(url, depot)
    dropped(url, depot)
    exchange = exchange_at(moment("2026-10") + 3, "2026-10 3")
    vault = Vault(url, lambda: SIGNER.key, lambda: [Folder(tmp_path / "nowhere"), depot])
    assert len(vault.find(exchange)) == 1
    (path,) = depot.path.glob("2026-10*/rows-*.db")
    path.write_bytes(path.read_bytes().replace(b"<m>2026-10 3<", b"<m>2026-10 4<"))
    vault.find("0197a3c4")
    with pytest.raises(PackageInvalid, match="was altered"):
        vault.find(exchange)
    vault.close()
    with sqlite3.connect(tmp_path / "evidence-tree.db") as tree:
        tree.execute("UPDATE package SET seal = ?", (b"no seal",))
    tree.close()
    vault = Vault(url, lambda: SIGNER.key, lambda: [depot])
    with pytest.raises(PackageInvalid, match="cannot be believed"):
        vault.find(exchange)
    vault.close()
