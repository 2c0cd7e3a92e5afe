"""The demo's stage: home, providers and bus, set up in an order that lets slow things overlap, and taken down again."""

import http.client
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from esb.audit.log import EvidenceReader
from esb.demo.consumers import Consumer
from esb.demo.offers import HOSTED, OFFERS, give_grants, register_hosted, register_offer
from esb.demo.place import ACTING, Place, add_members, enrol, make_place
from esb.demo.processes import Process, Processes, wait_until

_STARTS_IN: Final = 60.0  # seconds; a machine that is busy with other things still gets its demo
_SERVE: Final = """\
import os, signal, threading

def end_with_demo():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_demo, daemon=True).start()
from esb.cli.main import main
main()
"""
"""The command `esb`, which ends in order when its standard input closes: it must not outlive a demo that was killed."""
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
    """The folder of the home: a new temporary one, or the one chosen; removed at the end unless it is to be kept.

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
        step(f"Starting the bus and {len(OFFERS)} providers, each with its own database")
        bus = _start_bus(processes, place)
        providers = {offer.system: _start_provider(processes, place, offer.system) for offer in OFFERS}
        urls = {name: process.wait_for_line("ready ", _STARTS_IN) for name, process in providers.items()}
        step(f"Registering {len(place.agencies)} members and {len(OFFERS) + len(HOSTED)} services, checking schemas")
        add_members(place)
        _register_at_once(place, urls)
        step("Giving grants, and waiting until the bus knows of them")
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
        ["-c", _SERVE, "--home", place.home.path, "serve"],
        place.folder / "bus.log",
    )


def _register_at_once(place: Place, urls: Mapping[str, str]) -> None:
    """Certify members and register services, several at a time: each waits mostly for a key or a child process."""
    with ThreadPoolExecutor(max_workers=3) as workers:
        done = [
            workers.submit(enrol, place),
            *(workers.submit(register_offer, place, offer, urls[offer.system]) for offer in OFFERS),
            *(workers.submit(register_hosted, place, service) for service in HOSTED),
        ]
        try:
            for each in done:
                each.result()
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            raise


def _wait_for_bus(bus: Process, place: Place) -> None:
    """Give the grants to a bus that is ready, and wait until it says that it has read them."""

    def ready() -> bool:
        if bus.popen.poll() is not None:
            raise bus.failed("ended before it served")
        return _status(place, "/readyz") == 200

    if not wait_until(ready, _STARTS_IN):
        raise bus.failed(f"was not ready within {_STARTS_IN:g} s")
    last = give_grants(place)
    if not wait_until(lambda: _version_in_force(bus) >= last, _STARTS_IN):
        raise bus.failed("did not read the registry")


def _version_in_force(bus: Process) -> int:
    """The registry's change number that the bus last said, in its log, to have read."""
    lines = bus.log.read_text(encoding="utf-8").splitlines()
    said = (json.loads(line) for line in lines if line.startswith("{") and line.endswith("}"))
    return max((int(each.get("version", 0)) for each in said if each.get("event") == "registry changed"), default=0)


def _status(place: Place, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", place.settings.door.port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
