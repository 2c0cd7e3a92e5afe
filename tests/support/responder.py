"""An outside authority with an OCSP responder that is not ours: `openssl ocsp` in a process of its own, on loopback."""

import secrets
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from esb.certs.ca import Published, Subject, certify, create_authority, serial_number
from esb.certs.keys import PrivateKey, generate_key
from esb.certs.profiles import MEMBER_SIGNING, OCSP_RESPONDER, Profile

_DAY: Final = 86_400.0


class Outside:
    """An authority; ``key`` and ``root`` are its own, ``responder`` whom it certified for OCSP."""

    def __init__(self, name: str = "National CA") -> None:
        self.began = int(time.time()) - _DAY
        self.key, self.root = create_authority(name, "p256", self.began, 400)
        self.responder = self.certified(OCSP_RESPONDER)

    def certified(self, profile: Profile, ocsp: str = "", **more: Any) -> tuple[PrivateKey, x509.Certificate]:
        """A new key, certified."""
        key = more.pop("key", None) or generate_key("p256")
        facts = {"now": self.began, "days": 60, **more}
        serial = serial_number(secrets.token_bytes(16))
        subject = Subject("EESMN", "EESMN Nazirliyi")
        published = Published(ocsp=ocsp)
        return key, certify(
            self.key, self.root, key.public_key(), subject, profile, **facts, serial=serial, published=published
        )

    def member(self, ocsp: str = "", **more: Any) -> x509.Certificate:
        """A member's signing certificate."""
        return self.certified(MEMBER_SIGNING, ocsp, **more)[1]


class OpensslResponder:
    """`openssl ocsp` for an authority; :meth:`say` changes what it says of certificates.

    Args:
        signer: whose key signs the answers; None takes the authority's responder.
        more: further options.
    """

    def __init__(
        self, folder: Path, outside: Outside, signer: tuple[PrivateKey, x509.Certificate] | None = None, *more: str
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._more = more
        key, certificate = signer or outside.responder
        (folder / "root.pem").write_bytes(outside.root.public_bytes(Encoding.PEM))
        (folder / "signer.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (folder / "signer.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self._index: dict[int, str] = {}
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def say(self, certificate: x509.Certificate, status: str) -> None:
        """``good``, ``revoked`` or ``unknown``, from the next question on."""
        ends = f"{certificate.not_valid_after_utc:%y%m%d%H%M%SZ}"
        since = time.strftime("%y%m%d%H%M%SZ,keyCompromise", time.gmtime(time.time() - 60))
        serial = f"{certificate.serial_number:X}"
        serial = serial if len(serial) % 2 == 0 else f"0{serial}"
        lines = {
            "good": f"V\t{ends}\t\t{serial}\tunknown\t/CN={serial}",
            "revoked": f"R\t{ends}\t{since}\t{serial}\tunknown\t/CN={serial}",
            "unknown": "",
        }
        self._index[certificate.serial_number] = lines[status]
        self.start()

    def start(self) -> None:
        """Start, or start again at the same port with what is to be said now."""
        self.stop()
        index = "".join(f"{line}\n" for line in self._index.values() if line)
        (self._folder / "index.txt").write_text(index)
        command = (
            f"openssl ocsp -index index.txt -port {self.port} -CA root.pem -rsigner signer.pem "
            "-rkey signer.key -ignore_err"
        ).split()
        more = self._more or ("-nmin", "10")
        self._process = subprocess.Popen(
            [*command, *more], cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None
        told = ""
        for line in self._process.stdout:
            told += line
            if line.startswith("ACCEPT"):
                self.port = int(line.split()[1].rpartition(":")[2])
                return
        raise AssertionError(told)

    def stop(self) -> None:
        """Be gone."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None
