"""The demo's stage: home, providers and bus, set up in an order that lets slow things overlap, and taken down again."""

import http.client
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from esb.audit.log import EvidenceReader
from esb.demo.consumers import Consumer
from esb.demo.offers import OFFERS, register
from esb.demo.place import ACTING, Place, add_members, enrol, make_place
from esb.demo.processes import Process, Processes, wait_until

_STARTS_IN: Final = 60.0  # seconds; a machine that is busy with other things still gets its demo
Step = Callable[[str], None]
"""Is told what is being done now."""


@dataclass(slots=True)
class Stage:
    """Everything that runs, and who may ask."""

    place: Place
    providers: dict[str, Process]
    consumers: dict[str, Consumer]
    evidence: EvidenceReader

    def delivered(self, system: str) -> list[str]:
        """What a provider's journal says of each request that reached it."""
        journal = self.place.folder / f"{system}.journal"
        return [line.split(" ", 1)[1] for line in journal.read_text(encoding="utf-8").splitlines()]


@contextmanager
def folder_for_home(chosen: Path | None, keep: bool) -> Iterator[Path]:
    """The folder of the home: a new temporary one, or the one chosen; removed at the end with all that is in it.

    A folder that was there before and not empty is never removed: the home is not made in it either.
    """
    if chosen is not None and chosen.exists() and any(chosen.iterdir()):
        yield chosen  # making the home refuses it, and says why
        return
    path = Path(tempfile.mkdtemp(prefix="shluz-demo-")) if chosen is None else chosen.absolute()
    try:
        yield path
    finally:
        if not keep:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def set_stage(path: Path, step: Step) -> Iterator[Stage]:
    """Set everything up, give it, and end every process afterwards.

    Raises:
        HomeError, DidNotStart, EsbError: something could not be set up; what was started is ended.
    """
    with Processes() as processes:
        step("Making the home, its authority and the bus's key")
        place = make_place(path)
        step(f"Starting {len(OFFERS)} providers, each with its own database")
        providers = {offer.system: _start_provider(processes, place, offer.system) for offer in OFFERS}
        bus = _start_bus(processes, place)
        step(f"Registering {len(place.agencies)} members and certifying {len(ACTING)} of them")
        add_members(place)
        enrol(place, lambda _: None)
        step("Reading the providers' WSDLs, checking their schemas, registering services and grants")
        urls = {name: process.wait_for_line("ready ", _STARTS_IN) for name, process in providers.items()}
        register(place, urls, lambda _: None)
        step("Waiting for the bus")
        _wait_for_bus(bus, place)
        certificate = place.settings.keys.certificate.read_bytes()
        consumers = {code: Consumer(place.identity(code), place.address, certificate) for code in ACTING}
        evidence = EvidenceReader(place.settings.evidence.url)
        try:
            yield Stage(place, providers, consumers, evidence)
        finally:
            evidence.close()
            place.engine.dispose()


def _start_provider(processes: Processes, place: Place, system: str) -> Process:
    return processes.start(
        f"The provider {system}",
        [
            "-m",
            f"esb.demo.providers.{system}",
            "--folder",
            place.folder,
            "--keys",
            place.keys,
            "--bus-certificate",
            place.settings.keys.certificate,
        ],
        place.folder / f"{system}.log",
    )


def _start_bus(processes: Processes, place: Place) -> Process:
    return processes.start(
        "The bus",
        ["-c", "from esb.cli.main import main; main()", "--home", place.home.path, "serve"],
        place.folder / "bus.log",
    )


def _wait_for_bus(bus: Process, place: Place) -> None:
    """Until it is ready and knows all that was registered: registered last, it is served last."""

    def ready() -> bool:
        if bus.popen.poll() is not None:
            raise bus.failed("ended before it served")
        return _status(place, "/readyz") == 200

    if not wait_until(ready, _STARTS_IN):
        raise bus.failed(f"was not ready within {_STARTS_IN:g} s")
    time.sleep(place.settings.registry.poll_seconds * 2)


def _status(place: Place, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", place.settings.door.port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
