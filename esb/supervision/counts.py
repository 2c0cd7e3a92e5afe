"""What grants have used, in memory that all workers of a bus share.

The table is an anonymous file (``memfd_create``) that the supervisor makes and every worker is handed: it outlives each
of them and ends with the last.  Entries are added at its end and never moved, so a process remembers where a grant
stands; the file grows as grants come.

An entry is changed under a byte-range lock (``fcntl``, by process), which the kernel takes back from a process that is
killed.  Its second and its day are one 64-bit word each, the day's written first: whoever is killed between the two has
counted a request that never came, never the other way round.
"""

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from esb.kernel import rules
from esb.kernel.faults import EsbError, Refusal
from esb.routing.limits import Used

_MAGIC: Final = 0x45534251554F5401  # the last octet is the table's version
_HEADER: Final = struct.Struct("<QQQ")  # magic, entries in use, 1 once the day was taken up
_ENTRY: Final = struct.Struct("<QQQQ")  # grant, day and its count, second and its count, nothing yet
_FIRST: Final = 64  # octets before the first entry
_SMALLEST: Final = 64 * 1024  # octets of the file; it doubles as it fills
_DAY_SHIFT: Final = 40
_SECOND_SHIFT: Final = 24
_IN_DAY: Final = (1 << _DAY_SHIFT) - 1
_IN_SECOND: Final = (1 << _SECOND_SHIFT) - 1
_SPINS: Final = 64  # attempts before the first rest: an entry is held for microseconds
_REST: Final = 0.000_2
_LONGEST: Final = 0.25  # seconds; who holds an entry longer was stopped, and must not stop the others


class CountsUnreadable(EsbError):
    """The table was made by a version of the program that shares differently."""


class SharedCounts:
    """The :class:`~esb.routing.limits.Counts` of several processes.  For one thread of each.

    Args:
        fd: the anonymous file, empty at first.  Never close another descriptor of it in this
            process: that would give back its locks.

    Raises:
        CountsUnreadable: it is not a table of this version.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._places: dict[int, int] = {}
        self._known = 0
        with self._locked(0, _FIRST):
            if os.fstat(fd).st_size == 0:
                os.ftruncate(fd, _SMALLEST)
                os.pwrite(fd, _HEADER.pack(_MAGIC, 0, 0), 0)
        self._map = mmap.mmap(fd, os.fstat(fd).st_size)
        # Never let go of: a mapping has a descriptor of its own, and closing that would give back what is locked.
        self._earlier: list[mmap.mmap] = []
        if _HEADER.unpack_from(self._map)[0] != _MAGIC:
            raise CountsUnreadable(
                "The running bus counts quotas in another way than this version does: stop it and start it anew."
            )

    def hold(self, grant: int) -> Used:
        """See :class:`~esb.routing.limits.Counts`."""
        place = self._places.get(grant)
        if place is None:
            place = self._find(grant)
        self._lock(place, _ENTRY.size)
        _, day, second, _ = _ENTRY.unpack_from(self._map, place)
        return Used(second >> _SECOND_SHIFT, second & _IN_SECOND, day >> _DAY_SHIFT, day & _IN_DAY)

    def free(self, grant: int, used: Used) -> None:
        """See :class:`~esb.routing.limits.Counts`."""
        place = self._places[grant]
        try:
            self._write(place, used)
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, _ENTRY.size, place)

    def fill(self, today: Callable[[], Mapping[int, int]], now: float) -> None:
        """See :class:`~esb.routing.limits.Counts`.  The first process does it, and the others wait for it."""
        # Beyond every entry, so that whoever adds one meanwhile does not wait for the log to be read.
        fcntl.lockf(self._fd, fcntl.LOCK_EX, 1, 1 << 60)
        try:
            if os.pread(self._fd, 8, 16) == struct.pack("<Q", 1):
                return
            for grant, count in today().items():
                used = self.hold(grant)
                used.roll(now)
                used.in_day += count
                self.free(grant, used)
            os.pwrite(self._fd, struct.pack("<Q", 1), 16)
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, 1 << 60)

    def _write(self, place: int, used: Used) -> None:
        day = used.day << _DAY_SHIFT | min(used.in_day, _IN_DAY)
        second = used.second << _SECOND_SHIFT | min(used.in_second, _IN_SECOND)
        self._map[place + 8 : place + 16] = day.to_bytes(8, "little")
        self._map[place + 16 : place + 24] = second.to_bytes(8, "little")

    def _find(self, grant: int) -> int:
        """Where a grant stands that this process has not met, adding it if nobody has."""
        self._learn()
        if grant not in self._places:
            with self._locked(0, _FIRST):
                self._learn()
                if grant not in self._places:
                    self._add(grant)
            self._learn()
        if self._places[grant] + _ENTRY.size > len(self._map):
            self._earlier.append(self._map)
            self._map = mmap.mmap(self._fd, os.fstat(self._fd).st_size)
        return self._places[grant]

    def _learn(self) -> None:
        """Read where grants stand that were added since the last look."""
        _, entries, _ = _HEADER.unpack(os.pread(self._fd, _HEADER.size, 0))
        while self._known < entries:
            place = _FIRST + self._known * _ENTRY.size
            self._places[_ENTRY.unpack(os.pread(self._fd, _ENTRY.size, place))[0]] = place
            self._known += 1

    def _add(self, grant: int) -> None:
        place = _FIRST + self._known * _ENTRY.size
        if place + _ENTRY.size > os.fstat(self._fd).st_size:
            os.ftruncate(self._fd, os.fstat(self._fd).st_size * 2)
        os.pwrite(self._fd, _ENTRY.pack(grant, 0, 0, 0), place)
        os.pwrite(self._fd, struct.pack("<Q", self._known + 1), 8)  # last: from now on it is there for everybody

    @contextmanager
    def _locked(self, place: int, size: int) -> Iterator[None]:
        self._lock(place, size)
        try:
            yield
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, size, place)

    def _lock(self, place: int, size: int) -> None:
        until, tries = 0.0, 0
        while True:
            try:
                fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, size, place)
            except BlockingIOError:
                tries += 1
            else:
                return
            if tries < _SPINS:
                continue
            until = until or time.monotonic() + _LONGEST
            if time.monotonic() > until:
                raise Refusal(rules.BUS_LOAD, "The bus is at its limit: try again shortly.", {}, 2)
            time.sleep(_REST)
