"""Evidence packages of a real bus: an exchange with a signed answer, a refusal, a one-way request and a change, made
once; and what a forger who has the bus's own key could make of one."""

import hashlib
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from esb.admin.authority import Authority, issue_own
from esb.admin.evidence.case import Believed
from esb.admin.evidence.container import read_container, write_container
from esb.admin.evidence.export import Exported, export_evidence
from esb.admin.evidence.gather import Sources
from esb.admin.evidence.layout import media_of
from esb.admin.evidence.verify import PackageBroken, Proven, verify_package
from esb.admin.extracts import DocumentSigner, document_signer, read_certificates
from esb.admin.home import open_home
from esb.admin.log_key import log_origin, open_log_signer
from esb.admin.register import adopt
from esb.audit.archiving import archive_until
from esb.audit.depot import Depot
from esb.audit.entry import Entry
from esb.audit.log import EvidenceReader
from esb.audit.log_key import LogSigner
from esb.audit.months import month_at
from esb.audit.notes import COSIGNATURE, NoteKey, cosign, parse_note
from esb.audit.store import open_store, open_tree
from esb.audit.tree_reader import TreeReader
from esb.certs.asic import facts_of, sign_files
from esb.certs.keys import FileKey, generate_key, load_key
from esb.certs.profiles import TIME_STAMPING
from esb.certs.stamps import StampVerifier, stamp_request, token_of
from esb.certs.tsa import TimeStamper, granted, read_request
from esb.conf.load import load
from esb.keeping import bodies_opener
from esb.kernel.directory import AnswerSignature
from esb.registry.database import open_database
from esb.registry.services import update_service
from support.archives import a_request, dropped
from support.hosted import host
from support.place import PASSPHRASE, Place, make_place
from support.provider import PERSON, Given, Provider
from support.way import MEDIA, Asker, Exchange, another, expect_person

NOTE = b'<p:NotePerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:NotePerson>'


@dataclass(frozen=True)
class Packages:
    """A place with what was asked there, after its bus has ended.

    Attributes:
        exchanges: by name: ``answered``, ``hosted`` (signed for its owner by the bus), ``unsigned``, ``refused``,
            ``late`` (refused after it was recorded), ``stranger``, ``one-way``.
    """

    place: Place
    exchanges: Mapping[str, Exchange]

    @cached_property
    def signer(self) -> DocumentSigner:
        """The bus's own."""
        keys = self.place.settings.keys
        return document_signer(
            load_key(keys.signing_key, PASSPHRASE), keys.certificate, self.sources.anchors, time.time()
        )

    @cached_property
    def log_signer(self) -> LogSigner:
        """The log's own key."""
        settings = self.place.settings
        origin = log_origin(settings.evidence.origin, settings.bus.address)
        return open_log_signer(settings.keys.log_key, PASSPHRASE, origin)

    @property
    def log_key(self) -> NoteKey:
        """The log's public key."""
        return self.log_signer.key

    @cached_property
    def sources(self) -> Sources:
        """Where the home keeps everything."""
        settings = self.place.settings
        return Sources(
            self.place.engine,
            settings.evidence.url,
            settings.keys.certificate.parent,
            read_certificates(settings.certs.anchors),
            settings.certs.crl,
            bodies_opener(settings, PASSPHRASE),
        )

    @cached_property
    def believed(self) -> Believed:
        """What a verifier of this bus's packages is given."""
        return Believed(self.sources.anchors, self.log_key)

    def export(self, ident: str, sources: Sources | None = None) -> Exported:
        """Export as the operator does."""
        return export_evidence(
            sources or self.sources,
            ident,
            self.signer,
            reason="a test",
            author="operator",
            now=time.time,
            wait=time.sleep,
        )

    @cached_property
    def hosted(self) -> bytes:
        """The package of the exchange whose answer the bus signed for its owner too."""
        return self.export(self.exchanges["hosted"].reply.exchange).octets

    @cached_property
    def answered(self) -> bytes:
        """The package of the exchange whose provider signs."""
        return self.export(self.exchanges["answered"].reply.exchange).octets

    def verify(self, octets: bytes, believed: Believed | None = None) -> Proven:
        """Verify as a stranger does."""
        return verify_package(octets, believed or self.believed)

    def broken_at(self, octets: bytes, believed: Believed | None = None) -> str:
        """The name of the step that does not hold; "" where all do."""
        try:
            self.verify(octets, believed)
        except PackageBroken as error:
            return error.step.name
        return ""

    def forged(self, octets: bytes, alter: Callable[[dict[str, bytes]], None]) -> bytes:
        """What somebody with the bus's own key would make of a package: altered, and sealed anew."""
        files = dict(read_container(octets).files)
        alter(files)
        media = {name: media_of(name) for name in files}
        facts = {name: facts_of(content, media[name]) for name, content in files.items()}
        signed = sign_files(facts, self.signer.key, self.signer.chain, time.time())
        return write_container(files, media, signed)


def lend(files: dict[str, bytes], part: str, certificate: bytes) -> None:
    """Put another certificate in the place of a signer's, and have facts.json speak of it."""
    old, new = (hashlib.sha256(one).hexdigest() for one in (files[f"certificates/{part}.cer"], certificate))
    files[f"certificates/{part}.cer"] = certificate
    files["facts.json"] = files["facts.json"].replace(old.encode(), new.encode())


def with_facts(entry: Entry, **other: object) -> Entry:
    """A record's facts with some of them others."""
    facts = {each.name: getattr(entry, each.name) for each in fields(Entry)}
    return Entry(**{**facts, **other})


def make_packages(folder: Path, **environment: str) -> Packages:
    """Ask a bus some things, and end it when all of them are in its published tree.

    Args:
        environment: settings of its own.
    """
    provider = Provider()
    place = make_place(folder / "home", provider, **environment)
    with place.acting() as act:
        adopt(act, place.home, Authority(place.home).read())
    signed = another(place, "DIN/IAMAS/PersonRecord/v1", answer_signature=AnswerSignature.REQUIRED, settle=False)
    place.grant("EESMN", signed, purpose="Assessment of a benefit", legal_basis="Law on benefits, article 9")
    hosted = another(place, "DIN/IAMAS/PersonHosted/v1", settle=False)
    place.grant("EESMN", hosted)
    host(place)
    with place.acting() as act:
        update_service(act, hosted, answer_signature=AnswerSignature.HOSTED)
    owner = place.consumers["DIN"]
    header = (
        b'<exch:Exchange xmlns:exch="urn:shluz:exchange:1"><exch:caseNumber>118</exch:caseNumber>'
        b"<exch:officer>q.officer</exch:officer></exch:Exchange>"
    )
    with place.serve():
        asker = Asker(place)
        made = {"unsigned": asker.ask()}
        expect_person(made["unsigned"])
        made["hosted"] = asker.ask(service=hosted)
        provider.answer = lambda request: Given(owner.sign(PERSON), media="text/xml; charset=utf-8")
        made["answered"] = asker.ask(service=signed, headers=(header,))
        expect_person(made["answered"])
        provider.answer = lambda _: Given(b"<html>no</html>", 500, "text/html")
        made["late"] = asker.ask()
        provider.answer = lambda _: Given(b"", 202)
        made["one-way"] = asker.ask(body=NOTE)
        made["refused"] = asker.ask(owner)
        made["stranger"] = asker.send(b"no xml", media=next(iter(MEDIA.values())))
        _wait(place)
    provider.close()
    packages = Packages(place, made)
    vouch(packages)
    return packages


def copied(packages: Packages, folder: Path) -> Packages:
    """The same in a home of its own, which may be changed.  Only of one whose log is in SQLite."""
    old, new = packages.place.home.path, folder / "home"
    shutil.copytree(old, new, ignore=shutil.ignore_patterns("*.db", "*.db-*"))
    for path in old.rglob("*.db"):  # by SQLite itself: whoever else opens and closes a live file takes its locks away
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(new / path.relative_to(old))) as copy:
            source.backup(copy)
    settings = load(new, packages.place.environment).settings
    engine = open_database(settings.registry.url)
    place = replace(packages.place, home=open_home(new), settings=settings, engine=engine)
    return Packages(place, packages.exchanges)


def let_go(packages: Packages, depot: Depot) -> None:
    """Archive and drop the month in which these exchanges were, once enough others have come after them."""
    url, at = packages.sources.log, int(time.time() * 1_000_000)
    assert packages.sources.masters is not None
    store, tree = open_store(url, packages.sources.masters()), open_tree(url)
    store.write([a_request(at, f"another {number}") for number in range(600)])
    while tree.add():
        pass
    tree.publish(packages.log_signer.checkpoint)
    store.close()
    tree.close()
    month, later = month_at(at), time.time() + 40 * 86_400
    assert list(archive_until(url, depot, packages.log_signer, month, later))
    assert dropped(url, depot, month, packages.log_signer, later) > 200


WITNESS_KEY = Ed25519PrivateKey.generate()
WITNESS = NoteKey("witness.example", COSIGNATURE, WITNESS_KEY.public_key().public_bytes_raw())


def vouch(packages: Packages) -> None:
    """Have the last checkpoint stamped by the home's own authority of time-stamps, and cosigned by a witness."""
    place, now = packages.place, time.time()
    issuer = Authority(place.home)
    authority, own = issuer.read(), generate_key("p256")
    key = load_key(issuer.key, PASSPHRASE).private_key
    certificate = issue_own(key, authority, own, "tsa", TIME_STAMPING, 30, now, secrets.token_bytes)
    stamper = TimeStamper(FileKey(own), certificate, authority, "2.25.1", 1000)
    tree, reader = open_tree(packages.sources.log), TreeReader(packages.sources.log)
    point = reader.latest()
    assert point is not None
    request = read_request(stamp_request(hashlib.sha256(point.note).digest(), 77))
    token = token_of(granted(stamper.stamp(request, now, secrets.token_bytes)))
    at = StampVerifier([authority]).check(token, hashlib.sha256(point.note).digest()).at
    tree.keep_stamp(point.size, at, token)
    line = cosign(parse_note(point.note).text, WITNESS, int(now), WITNESS_KEY.sign).line
    tree.keep_cosignature(point.size, WITNESS.name, line)
    tree.close()
    reader.close()


def _wait(place: Place) -> None:
    log, tree = EvidenceReader(place.settings.evidence.url), TreeReader(place.settings.evidence.url)
    until = time.monotonic() + 20
    newest = log.recent(1)[0].entry.record
    while (index := tree.index_of(newest)) is None or tree.at_least(index + 1) is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    log.close()
    tree.close()
