"""The processes of a measurement: a provider, and a bus on a home; both end with the block, whatever happens."""

import http.client
import json
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from esb.bench.case import Case, Setting
from esb.bench.client import Address
from esb.bench.databases import Databases
from esb.bench.place import BenchPlace, make_place
from esb.demo.place import free_port
from esb.demo.processes import Process, Processes, wait_until

_READY: Final = 60.0  # seconds that a bus has to come up
_NOBODY: Final = object()


@dataclass(frozen=True, slots=True)
class Bench:
    """What is running.

    Attributes:
        bus: its process; with workers, the one that watches over them.
        provider_port: where the provider answers.
        folder: the temporary folder of it all.
    """

    setting: Setting
    place: BenchPlace
    address: Address
    bus: Process
    provider: Process
    provider_port: int
    folder: Path
    processes: Processes


@contextmanager
def serving(setting: Setting, cases: Sequence[Case], databases: Databases, parent: Path | None) -> Iterator[Bench]:
    """Make a place for these cases and serve it.

    Args:
        databases: where a PostgreSQL database is had, when the setting wants one.
        parent: where the temporary folder is made: the disk that is to be measured.

    Raises:
        DidNotStart: the bus or the provider did not come up; the text quotes its log.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shluz-bench-", dir=parent)))
        processes = stack.enter_context(Processes())
        database = stack.enter_context(databases.fresh()) if setting.database == "postgresql" else None
        provider_port = free_port()
        place = make_place(folder, setting, cases, provider_port, database)
        provider = processes.start(
            "the provider", ["-m", "esb.bench.provider", folder, str(provider_port)], folder / "provider.log"
        )
        provider.wait_for_line("serves ", _READY)
        address, bus = serve_bus(processes, place, setting.workers, folder / "bus.log")
        yield Bench(setting, place, address, bus, provider, provider_port, folder, processes)


def serve_bus(processes: Processes, place: BenchPlace, workers: int, log: Path) -> tuple[Address, Process]:
    """Start a bus on a place and wait until it takes requests.

    Raises:
        DidNotStart: it does not.
    """
    port = free_port()
    arguments = ["-m", "esb.cli", "--home", str(place.home), "serve"]
    if workers > 1:
        arguments += ["--workers", str(workers)]
    bus = processes.start("the bus", arguments, log, SHLUZ_DOOR_PORT=str(port), **place.environment)
    address = Address("localhost" if place.tls else "127.0.0.1", port, place.tls)
    seen: set[object] = set()

    def all_ready() -> bool:
        # While one serves another's share it answers for both; load that began then would meet the change.
        seen.add(_ready_worker(address))
        return len(seen - {_NOBODY}) >= workers

    if not wait_until(lambda: bus.popen.poll() is not None or all_ready(), _READY):
        raise bus.failed(f"was not ready within {_READY:g} s")
    if bus.popen.poll() is not None:
        raise bus.failed("ended at once")
    return address, bus


def _ready_worker(address: Address) -> object:
    """The number of the worker that says it is ready, None for a bus of one process."""
    tls: ssl.SSLContext | None = address.tls
    if tls is None:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=5)
    else:
        connection = http.client.HTTPSConnection(address.host, address.port, timeout=5, context=tls)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return json.loads(answer.read()).get("worker") if answer.status == 200 else _NOBODY
    except (OSError, http.client.HTTPException, ValueError):
        return _NOBODY
    finally:
        connection.close()
