"""Sends many attacks to one served bus over one connection, and holds all of them to the same few truths.

Each is answered at once by a coded fault that the bus signed, or by a bare 4xx where HTTP itself is broken; each
message has one record with the reason that it was told; the provider's journal stays empty; the address that lures name
is never called; and when the siege is over a good request passes.
"""

import base64
import hashlib
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from cryptography import x509
from lxml import etree
from support.client import Consumer, Reply, verify_with_xmlsec
from support.place import PERSONS, Place
from support.way import FIN, MEDIA, path_of, status_of

from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader, Recorded
from esb.kernel.faults import Rule
from esb.kernel.soap import SoapVersion

EVIL: Final = "5EVIL99"  # stands in whatever an attacker wrote: it must reach no provider


class Canary:
    """A port that nobody has a reason to call; lures name its address."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/canary"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                self.calls.append(connection.recv(300))

    def was_called(self) -> bool:
        """Whether anybody called: a knock of our own shows that a call would have been noticed by now."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"knock")
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
        return self.calls != [b"knock"]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


class Siege:
    """One run of attacks against a served bus; see :func:`besiege`."""

    def __init__(self, place: Place, canary: Canary) -> None:
        self.place = place
        self.canary = canary
        self.forms = 0
        self.delivered = 0
        self._certificate = x509.load_pem_x509_certificate(place.settings.keys.certificate.read_bytes())
        self._connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
        self._reader = EvidenceReader(place.settings.evidence.url)
        self._mark = self._newest()
        self._told: list[tuple[str, str, str, str]] = []
        self._unbound: list[tuple[str, str, str]] = []
        self._answered: list[str] = []

    def send(
        self,
        message: bytes,
        version: SoapVersion = SoapVersion.V11,
        *,
        path: str | None = None,
        media: str | None = None,
        http: dict[str, str] | None = None,
    ) -> Reply:
        """Post a message and return what came back, whatever it is."""
        headers = {"Content-Type": MEDIA[version] if media is None else media, **(http or {})}
        self._connection.request("POST", path or path_of(PERSONS), message, headers)
        answer = self._connection.getresponse()
        self.forms += 1
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def refused(
        self, form: object, message: bytes, version: SoapVersion = SoapVersion.V11, *rules: Rule, **more: Any
    ) -> Reply:
        """Send what must be refused, by one of ``rules`` where any are given."""
        reply = self.send(message, version, **more)
        self._expect_fault(form, reply, message, rules)
        return reply

    def note(self, reply: Reply) -> None:
        """A fault whose message the bus did not read whole, and so cannot be bound to its octets."""
        self._unbound.append((reply.exchange, reply.code, reply.rule))

    def harmless(self, form: object, message: bytes, version: SoapVersion, payload: bytes, **more: Any) -> bool:
        """Send what is either refused or delivered as what was signed; returns whether it was delivered.

        Args:
            payload: the signed Body's element in exclusive canonical form.
        """
        journal = self.place.provider.journal
        before = len(journal)
        reply = self.send(message, version, **more)
        got = journal[before:]
        if not got:
            self._expect_fault(form, reply, message, ())
            return False
        assert (len(got), reply.status) == (1, 200), form
        assert canonical(etree.fromstring(got[0].body)[-1][0]) == payload, form
        self._answered.append(reply.exchange)
        self.delivered += 1
        journal.clear()
        return True

    def _expect_fault(self, form: object, reply: Reply, message: bytes, rules: tuple[Rule, ...]) -> None:
        assert reply.headers["content-type"].startswith(("text/xml", "application/soap+xml")), (form, reply.status)
        code, rule = reply.code, reply.rule
        assert code, (form, reply.status, "was answered")
        assert code != "InternalError", form
        version = next(each for each in SoapVersion if f"{{{each.value}}}Envelope" == reply.root.tag)
        assert reply.status == status_of(code, version), (form, code, reply.status)
        assert not rules or rule in {each.id for each in rules}, (form, rule, reply.fault_text)
        assert verify_with_xmlsec(reply, self._certificate) >= {"Body", "Timestamp", "Receipt"}, form
        told = etree.tostring(reply.payload, encoding="unicode")
        assert FIN not in told, form
        assert EVIL not in told, form
        self._told.append((reply.exchange, code, rule, hashlib.sha256(message).hexdigest()))
        assert base64.b64decode(reply.text("//exch:Receipt/exch:requestDigest")) == hashlib.sha256(message).digest()

    def records(self) -> list[Recorded]:
        """What was recorded since the siege began, oldest first."""
        found = self._reader.recent(2 * self.forms + 10)
        return [record for record in reversed(found) if record.id > self._mark]

    def _newest(self) -> int:
        last = self._reader.recent(1)
        return last[0].id if last else 0

    def finish(self) -> None:
        """Check the witnesses."""
        self._connection.close()
        assert self.place.provider.journal == []
        assert not self.canary.was_called()
        recorded = self.records()
        refusals = {r.entry.exchange: r.entry for r in recorded if r.entry.kind is Kind.REFUSAL}
        assert (
            len(refusals) == sum(r.entry.kind is Kind.REFUSAL for r in recorded) == len(self._told) + len(self._unbound)
        )
        for exchange, code, rule, digest in self._told:
            entry = refusals[exchange]
            assert (entry.outcome, entry.rule, entry.message_sha256) == (code, rule, digest)
            assert entry.reason
        for exchange, code, rule in self._unbound:
            assert (refusals[exchange].outcome, refusals[exchange].rule) == (code, rule)
        others = [r.entry.exchange for r in recorded if r.entry.kind is not Kind.REFUSAL]
        assert sorted(others) == sorted(self._answered * 2), "something was accepted that no test looked at"
        self._expect_good()

    def _expect_good(self) -> None:
        consumer = self.place.consumers["EESMN"]
        for version in SoapVersion:
            reply = self.send(consumer.sign(version=version), version)
            assert (reply.status, reply.code) == (200, ""), reply.fault_text
        self._connection.close()
        self.place.provider.journal.clear()


@contextmanager
def besiege(place: Place, least: int = 1) -> Iterator[Siege]:
    """A siege that is looked over when it ends.  ``least`` is how many forms there must be, so that none goes lost."""
    canary = Canary()
    siege = Siege(place, canary)
    try:
        yield siege
        sent = siege.forms
        siege.finish()
        assert sent >= least, f"only {sent} forms were tried"
    finally:
        canary.close()


def canonical(element: Any) -> bytes:
    """Exclusive canonical octets, by lxml alone."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def parsed(consumer: Consumer, version: SoapVersion, headers: tuple[bytes, ...] = ()) -> tuple[Any, bytes]:
    """A fresh good message as a tree, and its payload's canonical form."""
    root = etree.fromstring(consumer.sign(version=version, headers=headers))
    return root, canonical(root[-1][0])
