"""A log that is cut back, rewritten or forked, with the log's own key and all its tables, is found by its witness.

On SQLite and on PostgreSQL; over real connections; with the witness killed and begun again between any two steps.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.doors import at_once, served
from support.records import a_record

from esb.admin.cosigning import Cosigning
from esb.admin.witness_client import WitnessClient
from esb.admin.witness_home import WitnessHome, make_witness
from esb.admin.witness_watch import LookFailed, Watch
from esb.audit.log_key import LogSigner
from esb.audit.notes import NoteKey, open_checkpoint
from esb.audit.store import open_store, open_tree
from esb.audit.tree_reader import TreeReader
from esb.audit.witness import Seen, Witness
from esb.audit.witness_request import AddCheckpoint, read_size
from esb.certs.keys import SigningKey
from esb.endpoints.log import LogDoor, Quorum
from esb.endpoints.witness import WitnessDoor
from esb.kernel.http import HttpRequest, HttpResponse
from esb.logs import logger

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)


@dataclass
class Bus:
    """A log that is served and asks its witness."""

    url: str
    base: str = ""
    witness: str = ""
    key: NoteKey | None = None
    now: float = 1_700_000_100.0

    def grow(self, number: int, name: str = "") -> int:
        store, tree = open_store(self.url), open_tree(self.url)
        store.write([a_record(record_of=name) for _ in range(number)])
        while tree.add():
            pass
        tree.publish(SIGNER.checkpoint)
        store.close()
        tree.close()
        return self.reading(lambda reader: reader.size())

    def reading(self, ask: Callable[[TreeReader], int]) -> int:
        reader = TreeReader(self.url)
        try:
            return ask(reader)
        finally:
            reader.close()

    def ask_witness(self) -> str:
        """A round of asking for a cosignature, of a process that has begun just now."""
        assert self.key is not None
        clients = [WitnessClient(self.key, self.witness)]
        cosigning = Cosigning(
            open_tree(self.url),
            TreeReader(self.url),
            clients,
            1,
            0,
            lambda: True,
            60,
            lambda: self.now,
            lambda: self.now,
            logger("test"),
        )
        try:
            return cosigning.round()
        finally:
            cosigning.close()

    async def get(self, request: HttpRequest) -> HttpResponse:
        """What anybody is shown."""
        reader = TreeReader(self.url)
        names = frozenset() if self.key is None else frozenset({self.key.name})
        try:
            return await LogDoor(reader, at_once, SIGNER.key.text, Quorum(names), lambda: self.now).get(request)
        finally:
            reader.close()

    def shown(self) -> bytes:
        with urlopen(f"{self.base}/checkpoint") as answer:
            octets: bytes = answer.read()
        return octets


@dataclass
class Watcher:
    """A witness's folder; each step is done by a witness that was begun for it."""

    home: WitnessHome
    now: float = 1_700_000_000.0
    alarms: list[str] = field(default_factory=list)
    doubts: list[tuple[str, bytes]] = field(default_factory=list)

    def witness(self) -> Witness:
        key, private = _opened(self.home)
        return Witness(key, private.sign, self.home, lambda: self.now, self.alarms.append, 60)

    async def answer(self, request: HttpRequest) -> HttpResponse:
        door = WitnessDoor(self.witness(), self.home.logs, at_once, lambda *doubt: self.doubts.append(doubt))
        return await door.handle(request)

    def seen(self) -> Seen:
        (seen,) = self.home.logs()
        return seen

    def look(self, doubt: bytes = b"") -> str:
        return Watch(self.witness()).look(self.seen(), doubt).words

    def proof(self) -> str:
        return Path(self.seen().proof).read_text()


_KEYS: dict[str, tuple[NoteKey, SigningKey]] = {}


def _opened(home: WitnessHome) -> tuple[NoteKey, SigningKey]:
    """The key of all these witnesses, opened once: that takes the time."""
    if not _KEYS:
        _KEYS["one"] = home.key()
    return _KEYS["one"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A witness's folder with a key; encrypting one takes the time."""
    folder = tmp_path_factory.mktemp("witness") / "w"
    make_witness(folder, "reserve.example/w1")
    return folder


@dataclass
class Scene:
    bus: Bus
    watcher: Watcher
    copy: Callable[[], str]
    """Copies the log as it is, and gives the copy's URL: a backup."""

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """A log of twelve records, all cosigned, in whose place its backup stands, of the first five."""
        self.bus.grow(5)
        assert self.bus.ask_witness() == ""
        backup = self.copy()
        self.bus.grow(7)
        assert self.bus.ask_witness() == ""
        before, self.bus.url = self.bus.url, backup
        try:
            yield
        finally:
            self.bus.url = before


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, folder: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            (tmp_path / "log").mkdir()
            url = f"sqlite:///{tmp_path / 'log' / 'evidence.db'}"

            def copy() -> str:
                shutil.copytree(tmp_path / "log", tmp_path / "backup")
                return f"sqlite:///{tmp_path / 'backup' / 'evidence.db'}"

        else:
            dsn: str = request.getfixturevalue("fresh_postgres_dsn")
            url = dsn

            def copy() -> str:
                return stack.enter_context(_copied(dsn))

        shutil.copytree(folder, tmp_path / "w")
        bus, watcher = Bus(url), Watcher(WitnessHome(tmp_path / "w"))
        bus.key = _opened(watcher.home)[0]
        bus.base = f"{stack.enter_context(served(bus.get))}/log"
        bus.witness = stack.enter_context(served(watcher.answer))
        watcher.home.add(SIGNER.key, bus.base)
        yield Scene(bus, watcher, copy)


@contextmanager
def _copied(dsn: str) -> Iterator[str]:
    parts = urlsplit(dsn)
    name = parts.path.removeprefix("/")
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}_old" TEMPLATE "{name}"'.encode())
        try:
            yield parts._replace(path=f"/{name}_old").geturl()
        finally:
            admin.execute(f'DROP DATABASE "{name}_old" WITH (FORCE)'.encode())


def test_a_log_that_only_grows_is_cosigned_and_shown_with_its_cosignatures(scene: Scene) -> None:
    bus, watcher = scene.bus, scene.watcher
    assert bus.key is not None
    for size in (3, 300, 301):
        bus.grow(size - (0 if size == 3 else watcher.seen().head.size))
        assert bus.ask_witness() == ""
        point, seen = open_checkpoint(bus.shown(), SIGNER.key, [bus.key])
        assert (point.size, seen) == (size, {bus.key: int(watcher.now)})
        assert watcher.seen().head == point
    # What was published and not submitted is found by the witness itself, over tiles.
    bus.grow(400)
    watcher.now += 3_600
    assert "all that were cosigned" in watcher.look()
    assert watcher.seen().head.size == 701
    # The bus learns from the conflict what the witness has, and goes on from there.
    bus.grow(1)
    assert bus.ask_witness() == ""
    assert open_checkpoint(bus.shown(), SIGNER.key, [bus.key])[1] == {bus.key: int(watcher.now)}
    assert (watcher.alarms, watcher.doubts) == ([], [])


def test_while_witnesses_are_away_the_newest_is_shown_in_time(scene: Scene) -> None:
    bus = scene.bus
    bus.grow(2)
    assert bus.ask_witness() == ""
    bus.grow(2)
    bus.now = 1_700_000_005.0
    assert b"\n2\n" in bus.shown(), "within ten seconds of the oldest record beyond it"
    bus.now = 1_700_000_011.0
    assert b"\n4\n" in bus.shown()
    assert bus.shown().count("\u2014".encode()) == 1
    bus.witness += "/nowhere"
    assert bus.ask_witness() == ""
    bus.now += 60
    assert (
        "1 of 1 witnesses have not cosigned for 1 min: witness reserve.example/w1 answers HTTP 404" in bus.ask_witness()
    )


def test_a_database_that_was_put_back_is_told_by_both(scene: Scene) -> None:
    bus, watcher = scene.bus, scene.watcher
    with scene.put_back():
        problem = bus.ask_witness()
        assert "has cosigned this log with 12 records, and it has only 5 now" in problem
        assert "its database was put back to an older state" in problem
        assert watcher.doubts[-1] == ("bus.example/log", b"")
        assert watcher.look().endswith("looking again")
        assert watcher.alarms == []
        watcher.now += 61
        assert watcher.look() == "it was cut back: 12 records were cosigned"
        (alarm,) = watcher.alarms
        assert "The log bus.example/log was cut back. This witness cosigned 12 of its records" in alarm
        assert [open_checkpoint(note, SIGNER.key)[0].size for note in _notes(watcher.proof())] == [12, 5]
        # The bus goes on from its older state, and makes another history of it.
        bus.grow(20, "anew")
        assert "has cosigned another history of this log, of 12 records" in bus.ask_witness()
        assert watcher.look(watcher.doubts[-1][1]) == "it has two histories"
        assert len(watcher.alarms) == 2
        assert "records were rewritten" in watcher.proof()
        bus.grow(1)
        assert "another history" in bus.ask_witness()
    assert watcher.seen().forked
    assert "another history" in bus.ask_witness(), "nothing of it is cosigned any more"


def test_a_log_that_comes_back_whole_is_cosigned_again(scene: Scene) -> None:
    """An old answer, or a server that was behind, is no proof of anything once the log goes on from where it was."""
    bus, watcher = scene.bus, scene.watcher
    with scene.put_back():
        watcher.look()
        watcher.now += 61
        assert "cut back" in watcher.look()
    assert "all that were cosigned" in watcher.look()
    assert (watcher.seen().proof, watcher.seen().behind) == ("", 0)
    bus.grow(1)
    assert bus.ask_witness() == ""


def test_a_tree_that_was_rewritten_with_the_logs_own_key_is_told_by_both(scene: Scene) -> None:
    bus, watcher = scene.bus, scene.watcher
    with scene.put_back():
        assert bus.grow(7, "forged") == 12
        assert "has cosigned another history of this log, of 12 records" in bus.ask_witness()
        (alarm,) = watcher.alarms
        assert "two histories" in alarm
        assert "different roots" in alarm
        first, second = (open_checkpoint(note, SIGNER.key)[0] for note in _notes(watcher.proof()))
        assert (first.size, second.size, first.root != second.root) == (12, 12, True)


def test_a_log_that_shows_the_world_another_history_than_its_witness_is_told(scene: Scene) -> None:
    bus, watcher = scene.bus, scene.watcher
    with scene.put_back():
        bus.grow(30, "for others")
        assert watcher.look() == "it has two histories"
    assert "its own tiles show" in watcher.alarms[0]


def test_strangers_cannot_accuse_a_log(scene: Scene) -> None:
    """Old checkpoints and false proofs can be posted by anybody; only what the log itself publishes decides."""
    bus, watcher = scene.bus, scene.watcher
    bus.grow(5)
    earlier = bus.shown()
    bus.grow(7)
    bus.ask_witness()
    bus.grow(3)
    witness = watcher.witness()
    for _ in range(3):
        answer = witness.add_checkpoint(AddCheckpoint(0, (), earlier).octets())
        assert (answer.status, answer.content_type, read_size(answer.body)) == (409, "text/x.tlog.size", 12)
        watcher.now += 100
    newest = TreeReader(bus.url)
    point = newest.latest()
    newest.close()
    assert point is not None
    answer = witness.add_checkpoint(AddCheckpoint(12, (bytes(32),), point.note).octets())
    assert (answer.status, answer.doubt) == (422, point.note)
    assert "all that were cosigned" in watcher.look(answer.doubt)
    other = LogSigner("bus.example/log", bytes(32), lambda _: bytes(64))
    assert witness.add_checkpoint(AddCheckpoint(12, (), other.checkpoint(15, bytes(32))).octets()).status == 403
    strange = LogSigner("other.example/log", SIGNER.public, SIGNER.sign)
    assert witness.add_checkpoint(AddCheckpoint(0, (), strange.checkpoint(15, bytes(32))).octets()).status == 404
    assert witness.add_checkpoint(AddCheckpoint(16, (), point.note).octets()).status == 400
    assert witness.add_checkpoint(b"nonsense").status == 400
    assert watcher.alarms == []
    with pytest.raises(LookFailed, match="cannot be believed"):
        watcher.look(other.checkpoint(15, bytes(32)))


def test_a_checkpoint_beside_the_published_tree_convicts(scene: Scene) -> None:
    """The log signs for the witness what it never shows to others: what it does publish says otherwise."""
    bus, watcher = scene.bus, scene.watcher
    bus.grow(5)
    bus.ask_witness()
    bus.grow(9)
    secret = SIGNER.checkpoint(8, bytes(32))
    answer = watcher.witness().add_checkpoint(AddCheckpoint(5, (bytes(32),), secret).octets())
    assert answer.status == 422
    assert watcher.look(answer.doubt) == "it has two histories"
    assert [open_checkpoint(note, SIGNER.key)[0].size for note in _notes(watcher.proof())] == [5, 8, 14]


def _notes(proof: str) -> list[bytes]:
    return [part.partition("\n")[2].encode() for part in proof.split("\n--- ")[1:]]
