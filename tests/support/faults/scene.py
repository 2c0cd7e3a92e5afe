"""A scene: a bus and a provider in processes of their own, clients that journal, and the checker at the end."""

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from esb.certs.keys import generate_key
from esb.kernel.directory import CertificateUse
from esb.registry.services import update_service
from support.faults.checker import Verdict, check
from support.faults.evidence import is_database
from support.faults.flood import Flood, signed_ahead
from support.faults.journal import Journal
from support.faults.load import Line, Load, heard, person, posted, question
from support.faults.processes import PATIENCE, BusProcess, Provider, until
from support.faults.shim import Shim
from support.faults.unsealed import master_key
from support.place import ADDRESS, PASSPHRASE, PERSONS, Place, copy_place, make_place

_ENVIRONMENT = {
    "SHLUZ_BUS_ADDRESS": ADDRESS,
    "SHLUZ_REGISTRY_POLL_SECONDS": "0.3",
    # A provider that is killed again and again is to be tried again soon.
    "SHLUZ_BREAKER_PAUSE_SECONDS": "0.3",
}


def make_template(folder: Path) -> Place:
    """What every scene is copied from: making keys takes a second."""
    place = make_place(folder / "home", SimpleNamespace(url="http://127.0.0.1:9/persons"))  # type: ignore[arg-type]
    place.engine.dispose()
    return place


class Scene:
    """One scene, on the stage of a folder of its own.

    Args:
        template: of :func:`make_template`.
        evidence: libpq URL of the database that keeps the log, or a SQLite file; "" for one in the home.
        environment: settings of this scene.
        arguments: of ``esb serve``.
        shim: a bad disk and clock for the bus: "" none, "faults", or "cut" to cut its power too.
        every: the provider looks into the log at one delivery in so many.
        timeout: seconds that the provider has for an answer.
        tls: whether clients come over mutual TLS, where the same message again gets the recorded answer (TIM-04).
    """

    def __init__(
        self,
        template: Place,
        folder: Path,
        *,
        evidence: str = "",
        environment: dict[str, str] | None = None,
        arguments: tuple[str, ...] = (),
        shim: str = "",
        every: int = 1,
        timeout: float = 2.0,
        tls: bool = False,
    ) -> None:
        self.folder = folder
        self.evidence = evidence or str(folder / "home" / "evidence.db")
        self.provider = Provider(folder, self.evidence, every).start()
        self.place = copy_place(template, folder / "home", self.provider)  # type: ignore[arg-type]
        with self.place.acting() as act:
            update_service(act, PERSONS, timeout=timeout)
        settings = {**_ENVIRONMENT, **(environment or {})}
        self.tls: ssl.SSLContext | None = None
        if tls:
            settings |= self._door_pair()
            self.tls = ssl.create_default_context(cafile=str(self.place.home.anchors / "shluz-ca.pem"))
            self.tls.load_cert_chain(*self._pair("EESMN"))
        self.place.engine.dispose()
        if evidence:
            settings["SHLUZ_EVIDENCE_URL"] = evidence if is_database(evidence) else f"sqlite:///{evidence}"
        self.shim: Any = None  # Shim, where there is one
        if shim:
            self.shim = Shim(folder / "shim", Path(self.evidence), cut=shim == "cut")
            settings |= self.shim.environment
        self.bus = BusProcess(folder / "home", settings, arguments, self.tls)
        self.consumer = self.place.consumers["EESMN"]
        self.certificate = x509.load_pem_x509_certificate((folder / "home" / "keys" / "bus.pem").read_bytes())
        self._master = master_key(folder / "home" / "keys" / "bodies.key", PASSPHRASE)
        self._journals: list[Path] = []
        self._asked = Journal(self._journal(), sync=False)
        self._questions = 0

    def _pair(self, code: str, *hostnames: str) -> tuple[str, str]:
        """A member's TLS certificate and its key, as files."""
        key = generate_key("p256")
        certificate = self.place.enrol(code, key, CertificateUse.TLS, hostnames=hostnames)
        paths = self.folder / f"tls-{code}.pem", self.folder / f"tls-{code}.key"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return str(paths[0]), str(paths[1])

    def _door_pair(self) -> dict[str, str]:
        certificate, key = self._pair("DIN", "localhost")
        return {
            "SHLUZ_DOOR_TLS": "true",
            "SHLUZ_DOOR_TLS_CERTIFICATE": certificate,
            "SHLUZ_DOOR_TLS_KEY": key,
            "SHLUZ_DOOR_CLIENT_ANCHORS": "anchors",
        }

    def load(self, **more: Any) -> Load:
        """Clients of this scene, with a journal of their own."""
        more = {"seed": len(self._journals), "tls": self.tls, **more}
        return Load(self.bus.port, self.consumer, self.certificate, self._journal(), **more)

    def flood(self, count: int, **more: Any) -> Flood:
        """So many questions of this scene, signed ahead, to be asked at a pace of their own."""
        questions = signed_ahead(self.consumer, count, len(self._journals))
        return Flood(self.bus.port, questions, self.certificate, self._journal(), **more)

    def _journal(self) -> Path:
        self._journals.append(self.folder / f"client{len(self._journals)}.jsonl")
        return self._journals[-1]

    def ask(self, created: float | None = None) -> dict[str, Any]:
        """One question by a client of its own: what it heard, noted as by any client; the signature is checked.

        Raises:
            OSError, EOFError: the bus did not answer.
        """
        self._questions += 1
        journal, fin = self._asked, person(self._questions)
        message_id, message = question(self.consumer, fin, created=created)
        note = {"id": message_id, "asked": fin, "request": hashlib.sha256(message).hexdigest(), "attempt": 1}
        journal.note(**note, event="sent")

        async def once() -> tuple[int, int | None, bytes]:
            line = Line(self.bus.port, self.tls)
            try:
                return await asyncio.wait_for(line.ask(posted(message)), 45)
            finally:
                line.hang_up()

        status, retry_after, body = asyncio.run(once())
        fact = heard(status, retry_after, body, self.certificate)
        assert fact.get("signed"), f"not signed by the bus: {status} {body[:200]!r}"
        journal.note(**note, event="answered" if status == 200 else "refused", **fact)
        return fact

    def well(self, seconds: float = PATIENCE) -> None:
        """Wait until a good question is answered and the bus calls itself ready, all by itself.

        Raises:
            AssertionError: not in time.
        """

        def answered() -> bool:
            with contextlib.suppress(OSError, EOFError):
                return self.ask()["status"] == 200 and self.bus.ready() == 200
            return False

        until(answered, seconds, "a good question is answered")

    def verdict(self, stepped: bool = False) -> Verdict:
        """What the checker says now."""
        registry = self.place.settings.registry.url.removeprefix("sqlite:///")
        return check(self.evidence, [self.provider.journal_file], self._journals, stepped, registry, self._master)

    def expect_sound(self, stepped: bool = False) -> Verdict:
        """Nothing is wrong with the evidence, and no client was left without an answer."""
        verdict = self.verdict(stepped)
        assert not verdict.findings, f"{len(verdict.findings)} findings: {verdict.findings[:20]}"
        assert not verdict.counts["hung"], "somebody was left without an answer"
        return verdict

    def close(self) -> None:
        """End every process."""
        self.bus.kill_all()
        self.provider.kill()
        self._asked.close()


@contextlib.contextmanager
def played(template: Place, folder: Path, **more: Any) -> Iterator[Scene]:
    """A scene whose bus serves."""
    scene = Scene(template, folder, **more)
    try:
        scene.bus.start()
        yield scene
    finally:
        scene.close()
