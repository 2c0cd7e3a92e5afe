"""A real mail server and a real webhook on loopback, each with a certificate of an authority of the test's own."""

import asyncio
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NAME = "hook.agency.example"
"""What the webhook is called; a test's resolver leads it to loopback."""


def make_pair(folder: Path, name: str = NAME) -> tuple[Path, Path]:
    """A self-signed certificate for a name and loopback, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def server_tls(pair: tuple[Path, Path]) -> ssl.SSLContext:
    """A server's context with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context


def trust(certificate: Path) -> ssl.SSLContext:
    """A client's context that believes in this certificate alone."""
    return ssl.create_default_context(cafile=str(certificate))


@dataclass
class Inbox:
    """What a mail server got; ``refuses`` answers recipients by what stands in it.

    ``slow``: seconds that it takes over each letter.
    """

    letters: list[Any] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0
    port: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.slow)
        self.letters.append(envelope)
        return "250 taken"


@contextmanager
def mail_server(
    pair: tuple[Path, Path] | None = None, *, password: str = "", port: int = 0, implicit: bool = False
) -> Iterator[Inbox]:
    """Run a mail server: plain, or with STARTTLS, or TLS from the start (``implicit``), and a password demanded."""
    inbox = Inbox()
    more: dict[str, Any] = {}
    if pair is not None and implicit:
        # To this server the only TLS is that of STARTTLS, without which it would not offer AUTH.
        more = {"ssl_context": server_tls(pair), "auth_require_tls": False}
    elif pair is not None:
        more = {"tls_context": server_tls(pair), "require_starttls": True}
    if password:
        more |= {
            "auth_required": True,
            "authenticator": lambda *given: AuthResult(
                success=given[4].login == b"shluz" and given[4].password == password.encode(),
                handled=False,
            ),
        }
    controller = Controller(inbox, hostname="127.0.0.1", port=port or _free_port(), **more)
    controller.start()
    inbox.port = controller.port
    try:
        yield inbox
    finally:
        controller.stop()


@dataclass
class Hook:
    """What a webhook got: path, headers and body of each request; ``status`` is what it answers."""

    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 204
    location: str = ""
    port: int = 0


@contextmanager
def webhook(pair: tuple[Path, Path], port: int = 0) -> Iterator[Hook]:
    """Run a webhook over HTTPS."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(hook.status)
            if hook.location:
                self.send_header("Location", hook.location)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.socket = server_tls(pair).wrap_socket(server.socket, server_side=True)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
