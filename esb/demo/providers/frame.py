"""What the three systems have in common: a process with a web server on a free port, a journal, and an end.

A process says ``ready URL`` on its standard output when it serves.  It ends on SIGTERM, and by itself when its standard
input closes: a system whose demo is gone must not stay behind.
"""

import argparse
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Any]


class Journal:
    """One line for each request that reached the system: the witness that a refused one never did."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch(mode=0o600)

    def note(self, *words: str) -> None:
        """Write a line: the time and what happened."""
        line = " ".join((datetime.now(UTC).isoformat(timespec="milliseconds"), *words)) + "\n"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)

    def lines(self) -> list[str]:
        """Everything noted so far."""
        return self._path.read_text(encoding="utf-8").splitlines()


@dataclass(frozen=True, slots=True)
class Desk:
    """What a system is given.

    Attributes:
        folder: where its database and its journal lie.
        keys: where members' keys and certificates lie; a system takes its own from there.
        bus_certificate: the certificate of the bus, once there is one.
        url: where it is reached, ``http://127.0.0.1:PORT``.
    """

    folder: Path
    keys: Path
    bus_certificate: Path
    url: str
    journal: Journal


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own asks the name service who 127.0.0.1 is, which may take long
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: requests hold personal data, and the journal counts them."""


def run(name: str, build: Callable[[Desk], Wsgi]) -> None:
    """Serve what ``build`` makes until told to stop.  The body of a system's ``__main__``."""
    parser = argparse.ArgumentParser(description=f"The demo's {name}: an agency's own system.")
    parser.add_argument("--folder", type=Path, required=True, help="where its database and journal are kept")
    parser.add_argument("--keys", type=Path, required=True, help="folder of members' keys and certificates")
    parser.add_argument("--bus-certificate", type=Path, required=True, help="the bus's certificate, PEM")
    given = parser.parse_args()
    server = _Server(("127.0.0.1", 0), _Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    desk = Desk(given.folder, given.keys, given.bus_certificate, url, Journal(given.folder / f"{name}.journal"))
    server.set_app(build(desk))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # This line is what whoever started the process waits for.
    print(f"ready {url}", flush=True)
    server.serve_forever(poll_interval=0.1)


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)
