"""The naive peer: the same exchange as a good Python shop would write it from the libraries that are at hand.

An honest Spyne service behind twisted.web: a middleware verifies the request and signs the answer with signxml, Spyne
judges and parses the Body, zeep calls the provider, SQLAlchemy inserts a row before and a row after.  Keys, schemas and
clients are made once.  What it leaves out (routing, grants, replay, limits, receipts, the provider's signature) is in
its favour.

Spyne is served as WSGI, because its own resource for Twisted answers every POST with 405 on Python 3.

Run as ``python -m esb.bench.naive FOLDER FACTS``; it says ``serves PORT`` when it does.
"""

import base64
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier
from spyne import Application, ComplexModel, Date, Int, ServiceBase, Unicode, XmlAttribute, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication
from sqlalchemy import BigInteger, Column, Engine, Integer, LargeBinary, String, create_engine, event
from sqlalchemy.orm import Session, declarative_base
from twisted.internet import reactor as _reactor
from twisted.python.threadpool import ThreadPool
from twisted.web.server import Site
from twisted.web.wsgi import WSGIResource
from zeep import Client, Settings
from zeep.transports import Transport

from esb.bench.place import CONTRACT
from esb.bench.provider import read_party
from esb.bench.signing import Party
from esb.kernel.clock import utc_text
from esb.kernel.namespaces import BASE64_BINARY, DS, SOAP11, WSSE, WSU, X509_V3

_ID: Final = f"{{{WSU}}}Id"
_THREADS: Final = 16
_EXCLUSIVE: Final = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
_Start = Callable[..., Any]
_Base: Any = declarative_base()


class Log(_Base):  # type: ignore[misc]
    """One row before the act and one after."""

    __tablename__ = "log"
    id = Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    kind = Column(String(10), nullable=False)
    at = Column(BigInteger, nullable=False)
    message = Column(LargeBinary, nullable=False)


class Row(ComplexModel):  # type: ignore[misc]
    """As bench/contract.wsdl has it."""

    __namespace__ = "urn:bench"
    fin = Unicode(pattern="[0-9A-HJ-NP-Z]{7}")
    surname = Unicode
    born = Date
    n = XmlAttribute(Int)


_ROWS: Final = Row.customize(max_occurs="unbounded")


def application(call: Callable[[list[dict[str, Any]]], Any]) -> Any:
    """The Spyne service as a WSGI application; ``call`` asks the provider."""

    class Bench(ServiceBase):  # type: ignore[misc]
        @rpc(_ROWS, _returns=_ROWS, _out_message_name="Answer", _out_variable_name="row")  # type: ignore[untyped-decorator]
        def Ask(ctx: Any, row: list[Any]) -> list[Any]:  # noqa: N802, N805 - as Spyne has it
            asked = [{"fin": one.fin, "surname": one.surname, "born": one.born, "n": one.n} for one in row]
            return [Row(fin=one.fin, surname=one.surname, born=one.born, n=one.n) for one in call(asked)]

    return WsgiApplication(
        Application([Bench], "urn:bench", in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
    )


class Signing:
    """The middleware: WS-Security around an application that knows nothing of it, and a log of both messages."""

    def __init__(self, inner: Any, consumer: Party, own: Party, engine: Engine) -> None:
        self._inner = inner
        self._consumer = consumer.certificate
        self._key = own.key.private_key  # type: ignore[attr-defined]
        self._token = base64.b64encode(own.certificate.public_bytes(Encoding.DER)).decode()
        self._engine = engine
        # SQLite takes one writer: who waits here is woken at once, and who waits in SQLite sleeps and tries again.
        on_sqlite = engine.dialect.name == "sqlite"
        self._writing: AbstractContextManager[Any] = threading.Lock() if on_sqlite else nullcontext()
        is_rsa = isinstance(self._key, rsa.RSAPrivateKey)
        self._method = SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256

    def __call__(self, environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        """Verify, log, ask the application, sign, log."""
        request = environ["wsgi.input"].read()
        self._verify(request)
        self._keep("request", request)
        environ["wsgi.input"] = BytesIO(request)
        environ["CONTENT_LENGTH"] = str(len(request))
        told: list[Any] = []
        answer = b"".join(self._inner(environ, lambda status, headers, *_: told.append(status)))
        signed = self._sign(answer)
        self._keep("answer", signed)
        start(told[0], [("Content-Type", "text/xml; charset=utf-8"), ("Content-Length", str(len(signed)))])
        return [signed]

    def _verify(self, request: bytes) -> None:
        expected = SignatureConfiguration(location=".//", expect_references=2)
        results: Any = XMLVerifier().verify(request, x509_cert=self._consumer, expect_config=expected)
        signed = {etree.QName(result.signed_xml).localname for result in results}
        if signed != {"Body", "Timestamp"}:
            raise ValueError(f"the signature covers {signed}")

    def _sign(self, answer: bytes) -> bytes:
        envelope: Any = etree.fromstring(answer)
        envelope.find(f"{{{SOAP11}}}Body").set(_ID, "Body")
        header = etree.Element(f"{{{SOAP11}}}Header")
        envelope.insert(0, header)
        security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE, "wsu": WSU})
        token = etree.SubElement(security, f"{{{WSSE}}}BinarySecurityToken", EncodingType=BASE64_BINARY)
        token.set("ValueType", X509_V3)
        token.set(_ID, "X509")
        token.text = self._token
        timestamp = etree.SubElement(security, f"{{{WSU}}}Timestamp", {_ID: "TS"})
        now = time.time()
        for local, at in (("Created", now), ("Expires", now + 300)):
            etree.SubElement(timestamp, f"{{{WSU}}}{local}").text = utc_text(at)
        etree.SubElement(security, f"{{{DS}}}Signature", Id="placeholder")
        key_info = etree.Element(f"{{{DS}}}KeyInfo")
        named = etree.SubElement(key_info, f"{{{WSSE}}}SecurityTokenReference")
        etree.SubElement(named, f"{{{WSSE}}}Reference", URI="#X509", ValueType=X509_V3)
        signer = XMLSigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=self._method,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=_EXCLUSIVE,
        )
        signed = signer.sign(envelope, key=self._key, key_info=key_info, reference_uri=["Body", "TS"])
        octets: bytes = etree.tostring(signed)
        return octets

    def _keep(self, kind: str, message: bytes) -> None:
        with self._writing, Session(self._engine) as session:
            session.add(Log(kind=kind, at=int(time.time() * 1e6), message=message))
            session.commit()


def open_log(url: str) -> Engine:
    """The engine with its table made; on SQLite with a write-ahead log, as anybody would set it."""
    engine = create_engine(url, pool_size=_THREADS)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _: object) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA busy_timeout = 20000")

    _Base.metadata.create_all(engine)
    return engine


def caller(endpoint: str) -> Callable[[list[dict[str, Any]]], Any]:
    """Asks the provider by zeep; each thread has a client of its own, because one is not meant to be shared."""
    own = threading.local()

    def call(rows: list[dict[str, Any]]) -> Any:
        if not hasattr(own, "service"):
            transport = Transport(timeout=20)  # type: ignore[no-untyped-call]
            transport.session.trust_env = False
            client = Client(str(CONTRACT), transport=transport, settings=Settings(strict=True))  # type: ignore[no-untyped-call]
            own.service = client.create_service("{urn:bench}Bench", endpoint)  # type: ignore[no-untyped-call]
        return own.service.Ask(row=rows)

    return call


def main(folder: Path, facts: dict[str, str]) -> None:
    """Serve until told to stop; ``facts``: the provider's ``endpoint`` and the log's ``database`` (SQLAlchemy URL)."""
    reactor: Any = _reactor
    inner = application(caller(facts["endpoint"]))
    engine = open_log(facts["database"])
    middleware = Signing(inner, read_party(folder, "consumer"), read_party(folder, "naive"), engine)
    pool = ThreadPool(_THREADS, _THREADS)
    pool.start()
    reactor.addSystemEventTrigger("after", "shutdown", pool.stop)
    site = Site(WSGIResource(reactor, pool, middleware))  # type: ignore[no-untyped-call]
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    print(f"serves {port.getHost().port}", flush=True)
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
