"""Posting a notice to a member's webhook: signed, over HTTPS, to where a webhook may be, and bounded in every way.

The request is signed by the bus's own key as RFC 9421 (HTTP Message Signatures) says, over method, target, media type
and the body's digest (RFC 9530); docs/notices.md tells receivers how to verify it.  No redirect is followed, and what
the other side answers is read no further than its status.
"""

import base64
import hashlib
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from esb.admin.mail import Undelivered
from esb.certs.keys import SigningKey
from esb.kernel import namespaces as ns

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Host name and port → addresses in numbers.  Raises OSError."""

_STEP: Final = 10.0  # seconds to connect, and for each answer
_WHOLE: Final = 30.0  # seconds for all of it, after which the connection is cut
_TAG: Final = "shluz-notice"
_ALGORITHMS: Final = MappingProxyType(
    {
        ns.RSA_SHA256: "rsa-v1_5-sha256",
        ns.ECDSA_SHA256: "ecdsa-p256-sha256",
        ns.ECDSA_SHA384: "ecdsa-p384-sha384",
        ns.EDDSA_ED25519: "ed25519",
    }
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """Ask the machine's resolver.  Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class HookSigner:
    """Signs requests to webhooks.

    Attributes:
        key: the bus's signing key.
        certificate: SHA-256 (hex) of its certificate, the ``keyid``.
    """

    key: SigningKey
    certificate: str

    def headers(self, url: str, body: bytes, created: int) -> dict[str, str]:
        """The headers of a signed POST of JSON (RFC 9421, section 2.5 and 3.1)."""
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
        parameters = (
            '("@method" "@target-uri" "content-type" "content-digest")'
            f';created={created};keyid="{self.certificate}";alg="{_ALGORITHMS[self.key.algorithm]}";tag="{_TAG}"'
        )
        base = "\n".join(
            (
                '"@method": POST',
                f'"@target-uri": {url}',
                '"content-type": application/json',
                f'"content-digest": {digest}',
                f'"@signature-params": {parameters}',
            )
        )
        signature = base64.b64encode(self.key.sign(base.encode())).decode()
        return {
            "Content-Type": "application/json",
            "Content-Digest": digest,
            "Signature-Input": f"bus={parameters}",
            "Signature": f"bus=:{signature}:",
        }


@dataclass(frozen=True, slots=True)
class Hooks:
    """Posts to webhooks.

    Attributes:
        signer: opens the key at the first webhook.
        networks: networks besides the public Internet in which webhooks may be, such as a government's own.
        trust: makes the TLS context by which servers are judged.
    """

    signer: Callable[[], HookSigner]
    networks: tuple[Network, ...] = ()
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    resolve: Resolve = resolve

    def post(self, url: str, body: bytes, now: float) -> None:
        """Post a JSON document; returns when it was taken (any status 2xx).  Blocking.

        Raises:
            Undelivered: it was not, as far as we know; final where the receiver says that it is gone (410).
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        address = self._address(host, port)
        try:
            with (
                socket.create_connection((address, port), timeout=_STEP) as plain,
                self.trust().wrap_socket(plain, server_hostname=host) as secure,
            ):
                status = _post(secure, host, port, url, body, self.signer().headers(url, body, int(now)))
        except ssl.SSLCertVerificationError as error:
            raise Undelivered(f"the webhook's certificate is not accepted ({error.verify_message})") from error
        except ssl.SSLError as error:
            raise Undelivered(f"TLS with the webhook failed ({error.reason or type(error).__name__})") from error
        except (OSError, http.client.HTTPException) as error:
            name = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise Undelivered(f"the webhook cannot be reached or went away ({name})") from error
        if not 200 <= status <= 299:
            raise Undelivered(f"the webhook answered with the status {status}", final=status == 410)

    def _address(self, host: str, port: int) -> str:
        """The address to connect to.  It is used as it was judged: a second look-up could say something else."""
        try:
            found = self.resolve(host, port)
        except OSError as error:
            raise Undelivered("the webhook's host name cannot be resolved") from error
        if not found:
            raise Undelivered("the webhook's host name has no address")
        for each in found:
            if not lawful_address(each, self.networks):
                raise Undelivered(
                    "the webhook's host name leads into a network where the bus does not call "
                    "(notices.webhook_networks lists where it may)"
                )
        return found[0]


def lawful_address(text: str, networks: Sequence[Network]) -> bool:
    """Whether a webhook may be at an address: on the public Internet, or in a network that the operator lists.

    Loopback, private and link-local addresses (where clouds keep their metadata) are none of these unless listed; an
    IPv4 address inside an IPv6 one is judged as itself.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if any(address in network for network in networks if network.version == address.version):
        return True
    inner = _inner(address)
    if inner is not None:
        return lawful_address(str(inner), networks)
    return address.is_global and not address.is_multicast


def _inner(address: Address) -> Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _post(sock: ssl.SSLSocket, host: str, port: int, url: str, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPSConnection(host, port)
    connection.sock = sock
    cut = Timer(_WHOLE, _cut, (sock,))
    cut.daemon = True
    cut.start()
    try:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {**headers, "Connection": "close", "User-Agent": "shluz"})
        return connection.getresponse().status
    finally:
        cut.cancel()


def _cut(sock: ssl.SSLSocket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
