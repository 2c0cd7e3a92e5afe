"""No room for the evidence log: refused and signed, nothing delivered, and well again once there is room."""

import errno
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from support.faults.outage import outage
from support.faults.scene import Scene


def test_a_file_that_may_not_grow(play: Callable[..., Scene]) -> None:
    """The kernel itself refuses, as it does for a quota."""
    scene = play()
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        # SQLite's shared-memory file and the logs are smaller; the write-ahead log is not.
        psutil.Process(scene.bus.pid).rlimit(psutil.RLIMIT_FSIZE, (size, most))

    outage(scene, lambda: limit(64 * 1024), lambda: limit(most))


def _can_mount(folder: Path) -> bool:
    return (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "none", folder], capture_output=True).returncode == 0
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A file system of 32 megabytes; None where this user may not mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not _can_mount(folder):
        yield None
        return
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_small_file_system_that_fills_up(play: Callable[..., Scene], small_disk: Path | None) -> None:
    if small_disk is None:  # without leave to mount, the same error by another hand
        scene = play(shim="faults")
        outage(scene, lambda: scene.shim.fail_writes(errno.ENOSPC), lambda: scene.shim.fail_writes(0))
        return
    scene = play(evidence=str(small_disk / "evidence.db"))
    ballast = small_disk / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                with suppress(OSError):
                    while True:
                        file.write(b"x" * size)

    outage(scene, fill, ballast.unlink)
