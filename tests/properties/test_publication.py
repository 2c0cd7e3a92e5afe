"""Whatever is done to the registry, deltas applied one by one give what a whole snapshot gives, and what the database
itself gives; and no byte of a document can be changed unseen."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from properties.test_registry_snapshot import GROUND, STEPS, Do, _unsynced
from sqlalchemy import event
from support.publication import EXPIRES, NOW, Publication

from esb.kernel.clock import ManualClock
from esb.kernel.contract import Contract
from esb.registry.acts import acting
from esb.registry.database import open_database
from esb.registry.errors import RegistryError
from esb.registry.replica import SnapshotRefused
from esb.registry.watch import Watcher


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.lists(STEPS, min_size=1, max_size=6), max_size=6), behind=st.integers(1, 3))
def test_deltas_lead_where_a_whole_snapshot_stands(
    acts: list[list[Do]],
    behind: int,
    sqlite_template: Path,
    make_contract: Callable[..., Contract],
    plain_certificates: Any,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(sqlite_template, Path(folder) / "registry.db")
        engine = open_database(f"sqlite:///{folder}/registry.db")
        event.listen(engine, "connect", _unsynced)
        try:
            publication = Publication(engine, ManualClock(NOW))
            watcher = Watcher(engine, plain_certificates.known, plain_certificates.index, publication.clock)
            follower = publication.node(Path(folder) / "follower", plain_certificates)
            for number, steps in enumerate([GROUND, *acts]):
                publication.clock.advance(1)
                with suppress(RegistryError), acting(engine, "officer", NOW + number) as act:
                    for step in steps:
                        with suppress(RegistryError):
                            step(act, make_contract())
                publication.publisher.publish()
                watcher.poll()
                if number % behind == 0:
                    follower.poll()
            publication.clock.advance(1)
            follower.poll()
            # One that comes now begins with a whole snapshot, and one that starts again with its own copy.
            newcomer = publication.node(Path(folder) / "newcomer", plain_certificates)
            again = publication.node(Path(folder) / "follower", plain_certificates)
            found = [one.rebuild() for one in (follower, _polled(newcomer), _polled(again), _polled(watcher))]
            assert found[0] == found[1] == found[2] == found[3]
            assert follower.believed_until == publication.clock.now() - 1 + EXPIRES + 60.0
        finally:
            engine.dispose()


def _polled(watcher: Any) -> Any:
    watcher.poll()
    return watcher


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_can_be_changed_unseen(
    data: st.DataObject, spoilable: tuple[Publication, dict[str, bytes], Any]
) -> None:
    publication, documents, certificates = spoilable
    name = data.draw(st.sampled_from(sorted(documents)))
    octets = documents[name]
    kind = data.draw(st.sampled_from(["flip", "cut", "grow"]))
    at = data.draw(st.integers(0, len(octets) - 1))
    if kind == "flip":
        spoilt = octets[:at] + bytes([octets[at] ^ data.draw(st.integers(1, 255))]) + octets[at + 1 :]
    else:
        spoilt = octets[:at] if kind == "cut" else octets + b" "
    publication.spoil = lambda asked, given: spoilt if asked == name else given
    try:
        with tempfile.TemporaryDirectory() as folder:
            node = publication.node(Path(folder), certificates)
            try:
                directory = node.poll()
            except (RegistryError, SnapshotRefused):
                return
            # A timestamp's envelope may be written otherwise (a blank, idle bits of base64): then it says the same.
            assert name == "timestamp.json"
            assert directory is not None
            assert node.believed_until == NOW + EXPIRES + 60.0
    finally:
        publication.spoil = lambda _, given: given


@pytest.fixture
def spoilable(sqlite_database: str, make_contract: Callable[..., Contract], plain_certificates: Any) -> Any:
    engine = open_database(sqlite_database)
    publication = Publication(engine)
    with acting(engine, "officer", NOW) as act:
        for step in GROUND:
            step(act, make_contract())
    stamp = publication.publisher.publish()
    names = ["timestamp.json", f"documents/{stamp.full.digest}.json"]
    yield publication, {name: publication.get(name, 1 << 20) for name in names}, plain_certificates
    engine.dispose()
