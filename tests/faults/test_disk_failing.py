"""The evidence log's disk fails: a sync with EIO, a write with EIO, a file system that has become read-only."""

import errno
from collections.abc import Callable

from support.faults.outage import outage
from support.faults.scene import Scene


def test_one_bus_that_meets_every_failure_of_its_disk(play: Callable[..., Scene]) -> None:
    """One after the other, without a restart: each leaves a bus that can take the next."""
    scene = play(shim="faults")
    shim = scene.shim
    # What was written may or may not be on the disk then: nobody may be told that it is.
    outage(scene, lambda: shim.fail_syncs(errno.EIO), lambda: shim.fail_syncs(0), stop=False)
    outage(scene, lambda: shim.fail_writes(errno.EIO), lambda: shim.fail_writes(0), stop=False)
    # As a kernel makes a file system after errors: what was opened for writing can no more be written either.
    outage(scene, lambda: shim.fail_writes(errno.EROFS), lambda: shim.fail_writes(0))
    assert shim.failed


def test_a_sync_that_fails_for_two_workers_of_one_log(play: Callable[..., Scene]) -> None:
    """Each has to find out for itself, and to come back while the other writes."""
    scene = play(shim="faults", arguments=("--workers", "2"))
    outage(scene, lambda: scene.shim.fail_syncs(errno.EIO), lambda: scene.shim.fail_syncs(0))
