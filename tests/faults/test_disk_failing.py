"""The evidence log's disk fails: a sync with EIO, a write with EIO, a file system that has become read-only."""

import errno
from collections.abc import Callable

from support.faults.outage import outage
from support.faults.scene import Scene


def test_a_sync_that_fails(play: Callable[..., Scene]) -> None:
    """What was written may or may not be on the disk: nobody may be told that it is."""
    scene = play(shim="faults")
    outage(scene, lambda: scene.shim.fail_syncs(errno.EIO), lambda: scene.shim.fail_syncs(0))
    assert scene.shim.failed


def test_a_write_that_fails(play: Callable[..., Scene]) -> None:
    scene = play(shim="faults")
    outage(scene, lambda: scene.shim.fail_writes(errno.EIO), lambda: scene.shim.fail_writes(0))
    assert scene.shim.failed


def test_a_file_system_that_has_become_read_only(play: Callable[..., Scene]) -> None:
    """As a kernel makes it after errors: files that were opened for writing can no more be written either."""
    scene = play(shim="faults")
    outage(scene, lambda: scene.shim.fail_writes(errno.EROFS), lambda: scene.shim.fail_writes(0))
    assert scene.shim.failed


def test_a_sync_that_fails_for_two_workers_of_one_log(play: Callable[..., Scene]) -> None:
    """Each has to find out for itself, and to come back while the other writes."""
    scene = play(shim="faults", arguments=("--workers", "2"))
    outage(scene, lambda: scene.shim.fail_syncs(errno.EIO), lambda: scene.shim.fail_syncs(0))
