"""A time-stamp authority that is not ours: openssl behind a few lines of HTTP, with its own keys."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_KEYS = {
    "rsa": ("-newkey", "rsa:2048"),
    "ec": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "chain": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
}
_CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[stamps]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/chain.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
"""


def make_foreign_tsa(folder: Path, kind: str = "ec") -> None:
    """Make root.pem, tsa.pem, tsa.key and tsa.cnf.

    Args:
        kind: ``rsa`` (which names its certificate by SHA-1, as of old), ``ec``, or ``chain``: below an authority
            between it and the root.
    """
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder, ess="sha1" if kind == "rsa" else "sha256"))
    (folder / "serial").write_text("01\n")

    def run(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    def certify(name: str, issuer: str, kind_of: str, keys: tuple[str, ...]) -> None:
        ask = ("-subj", f"/CN=Foreign {name}", "-config", "tsa.cnf", "-nodes", "-keyout", f"{name}.key")
        run("req", "-new", *keys, *ask, "-out", f"{name}.csr")
        by = ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial")
        made = ("-extfile", "tsa.cnf", "-extensions", kind_of, "-days", "30", "-sha256", "-out", f"{name}.pem")
        run("x509", "-req", "-in", f"{name}.csr", *(by if issuer else ("-signkey", "root.key")), *made)

    certify("root", "", "ca", _KEYS["ec"])
    issuer = "root"
    if kind == "chain":
        certify("middle", "root", "ca", _KEYS["ec"])
        issuer = "middle"
    certify("tsa", issuer, "stamps", _KEYS[kind])
    (folder / "chain.pem").write_bytes((folder / f"{issuer}.pem").read_bytes())


@contextmanager
def foreign_tsa(folder: Path) -> Iterator["ForeignTsa"]:
    """Serve the authority in a folder, made by :func:`make_foreign_tsa`."""
    tsa = ForeignTsa(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), tsa.handler())
    tsa.url = f"http://127.0.0.1:{server.server_address[1]}/tsa"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield tsa
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class ForeignTsa:
    """The authority as it is served.

    Attributes:
        broken: while it is set, what is answered in the place of a time-stamp.
        asked: how often it was asked.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.broken: bytes | None = None
        self.asked = 0
        self._one = threading.Lock()

    def stamp(self, query: bytes) -> bytes:
        """openssl's answer."""
        with self._one:
            self.asked += 1
            if self.broken is not None:
                return self.broken
            (self.folder / "query").write_bytes(query)
            command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]
            subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
            return (self.folder / "reply").read_bytes()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """For an HTTP server."""
        tsa = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.headers["Content-Type"] == "application/timestamp-query"
                answer = tsa.stamp(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200 if answer else 500)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
