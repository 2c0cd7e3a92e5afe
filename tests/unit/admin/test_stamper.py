"""Which checkpoints are stamped, and what an outage of whoever stamps comes to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.records import a_record

from esb.admin.stamp_sources import NoStamp
from esb.admin.stamper import MOST, Stamper
from esb.audit.record import EvidenceStore
from esb.audit.store import open_store, open_tree
from esb.audit.tree import TreeStore
from esb.audit.tree_reader import TreeReader
from esb.certs.stamps import Stamped

BEGUN = 1_700_000_000.0


@dataclass
class Clock:
    at: float = BEGUN

    def now(self) -> float:
        return self.at


@dataclass
class Source:
    clock: Clock
    away: bool = False
    notes: list[bytes] = field(default_factory=list)

    def stamp(self, note: bytes) -> tuple[bytes, Stamped]:
        if self.away:
            raise NoStamp("the authority is away")
        self.notes.append(note)
        return b"token", Stamped(int(self.clock.at * 1_000_000) + len(self.notes), 0, "1.2", 1, "CN=tsa")


@dataclass
class Scene:
    store: EvidenceStore
    tree: TreeStore
    reader: TreeReader
    url: str
    clock: Clock
    source: Source
    elected: bool = True

    def stamper(self, every: float) -> Stamper:
        now = self.clock.now
        return Stamper(
            open_tree(self.url), TreeReader(self.url), self.source, every, lambda: self.elected, now, now, 120.0
        )

    def grow(self, points: int = 1) -> None:
        for _ in range(points):
            self.store.write([a_record(at=int(self.clock.at * 1_000_000))])
            self.tree.add()
            self.tree.publish(lambda size, _: f"note {size}".encode())

    def stamped(self) -> list[int]:
        return [one.size for one in self.reader.all_stamps(0)]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, tree, reader, clock = open_store(url), open_tree(url), TreeReader(url), Clock()
    store.idle()
    tree.add()
    yield Scene(store, tree, reader, url, clock, Source(clock))
    for each in (store, tree, reader):
        each.close()


def test_every_checkpoint_is_stamped_in_its_order(scene: Scene) -> None:
    stamper = scene.stamper(0)
    assert (stamper.round(), stamper.since) == ("", None)
    scene.grow(3)
    assert (stamper.round(), stamper.since) == ("", None)
    assert scene.stamped() == [1, 2, 3]
    assert scene.source.notes == [b"note 1", b"note 2", b"note 3"]
    scene.grow()
    stamper.round()
    stamper.round()
    assert scene.stamped() == [1, 2, 3, 4]
    stamper.close()


def test_with_an_interval_the_newest_is_stamped_and_dates_all_before_it(scene: Scene) -> None:
    stamper = scene.stamper(60)
    for _ in range(3):
        scene.grow(5)
        assert stamper.round() == ""
        scene.clock.at += 25
    assert scene.stamped() == [5]
    assert stamper.since == BEGUN + 25, "the oldest record that waits"
    scene.clock.at += 60
    assert (stamper.round(), stamper.since, scene.stamped()) == ("", None, [5, 15])
    stamper.close()


def test_an_outage_is_told_and_caught_up_and_its_limit_is_the_age_of_a_record(scene: Scene) -> None:
    stamper = scene.stamper(0)
    scene.source.away = True
    scene.grow(MOST + 5)
    problem = stamper.round()
    assert (problem, stamper.age()) == ("the authority is away", "the oldest record without one has waited 0 s")
    assert not stamper.waits_over(30)
    scene.clock.at += 31
    assert stamper.round() == problem, "the same trouble has the same words, so that it is logged once"
    assert stamper.age().endswith("waited 31 s")
    assert stamper.waits_over(30)
    # Another process, and this one after a restart, knows it from the records.
    other = scene.stamper(0)
    scene.elected = False
    assert other.round() == ""
    assert other.waits_over(30)
    scene.clock.at += 600
    assert (other.round(), other.age()) == ("no time-stamp comes", "the oldest record without one has waited 11 min")
    other.close()
    scene.elected, scene.source.away = True, False
    scene.clock.at += 1
    assert (stamper.round(), stamper.waits_over(30), stamper.age()) == ("", False, "")
    assert scene.stamped() == list(range(6, MOST + 6)), "the newest ones; they date those before"
    assert stamper.round() == ""
    assert scene.stamped()[0] == 6
    stamper.close()


def test_after_a_failure_it_is_asked_again_at_growing_intervals(scene: Scene) -> None:
    stamper = scene.stamper(0)
    scene.source.away = True
    scene.grow()
    tries = []

    class Counting(Source):
        def stamp(self, note: bytes) -> tuple[bytes, Stamped]:
            tries.append(scene.clock.at - BEGUN)
            return super().stamp(note)

    stamper._source = Counting(scene.clock, away=True)
    for _ in range(100):
        stamper.round()
        scene.clock.at += 1
    assert tries == [0, 1, 3, 7, 15, 31, 61, 91]
    stamper.close()


def test_what_waits_for_its_place_in_the_tree_waits_for_its_time_stamp_too(scene: Scene) -> None:
    stamper = scene.stamper(0)
    scene.store.write([a_record(at=int((BEGUN - 50) * 1_000_000))])
    assert stamper.round() == ""
    assert stamper.since == BEGUN - 50
    stamper.close()
