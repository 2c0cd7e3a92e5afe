"""Certificate signing requests (PKCS#10, RFC 2986): what a member sends in to be enrolled.

A request proves that its sender holds the private key, and nothing else.  The name and the usages that it asks for are
not taken from it: the CA writes what the registry knows (:mod:`esb.certs.ca`).
"""

import re
from collections.abc import Sequence

from cryptography import x509
from cryptography.x509.oid import NameOID

from esb.certs.der import MALFORMED
from esb.certs.keys import PrivateKey, signing_hash
from esb.certs.strength import breakable, weakness
from esb.kernel.faults import EsbError

MAX_SIZE = 64 * 1024
"""Octets that a request may have."""

MAX_HOSTNAMES = 100

_STRONG_HASHES = ("sha256", "sha384", "sha512")
# RFC 1123, section 2.1: the last label begins with a letter, so that a dotted address is never a host's name.
_HOSTNAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){0,126}[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)


class RequestRefused(EsbError):
    """A signing request cannot be taken; the text says why and what to change."""


def read_request(pem_or_der: bytes) -> x509.CertificateSigningRequest:
    """Read a request and check that its sender holds a key that may be certified.

    Raises:
        RequestRefused: not one well-formed request, signed by its own key with SHA-2 or Ed25519; or a key that is weak.
    """
    if len(pem_or_der) > MAX_SIZE:
        raise RequestRefused(f"the request is larger than {MAX_SIZE // 1024} KiB: send the request alone")
    if b"PRIVATE KEY-----" in pem_or_der:
        raise RequestRefused(
            "the file holds a private key beside the request.  A key that has left its owner is spent: "
            "make a new one and send the request alone"
        )
    try:
        if pem_or_der.lstrip().startswith(b"-----"):
            if pem_or_der.count(b"-----BEGIN ") != 1:
                raise RequestRefused("the file holds more than one PEM block: send the request alone")
            request = x509.load_pem_x509_csr(pem_or_der)
        else:
            request = x509.load_der_x509_csr(pem_or_der)
        key = request.public_key()
        sound = request.is_signature_valid
        digest = request.signature_hash_algorithm
        _ = request.subject, request.extensions
    except MALFORMED as error:
        raise RequestRefused(
            "this is not a certificate request (PKCS#10, in PEM or DER) with a key that is accepted"
        ) from error
    problem = weakness(key) or breakable(key)
    if problem:
        raise RequestRefused(f"the request is for {problem}")
    if digest is not None and digest.name not in _STRONG_HASHES:
        raise RequestRefused("the request is signed with an outdated digest: make it again with SHA-256")
    if not sound:
        raise RequestRefused("the request is not signed by the key that it is for: make it again with that key")
    return request


def requested_hostnames(request: x509.CertificateSigningRequest) -> tuple[str, ...]:
    """The hosts' names that a request asks for, in lower case and in order; they are wishes until someone agrees.

    Raises:
        RequestRefused: an alternative name that is not a plain host's name.
    """
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    if len(names) > MAX_HOSTNAMES:
        raise RequestRefused(f"the request asks for more than {MAX_HOSTNAMES} host names")
    hosts = []
    for name in names:
        if not isinstance(name, x509.DNSName):
            raise RequestRefused("the request asks for an alternative name that is not a host's name: leave it out")
        hosts.append(check_hostname(name.value))
    return tuple(dict.fromkeys(hosts))


def check_hostname(name: str) -> str:
    """``name`` in lower case when it is a plain host's name (RFC 1123; no wildcard, no address).

    Raises:
        RequestRefused: it is not.
    """
    host = name.lower()
    if not _HOSTNAME.fullmatch(host):
        raise RequestRefused(f"{name[:80]!a} is not a plain host name (letters, digits, '-' and '.'; no wildcard)")
    return host


def make_request(
    private_key: PrivateKey, common_name: str, hostnames: Sequence[str] = ()
) -> x509.CertificateSigningRequest:
    """Make the request that a member would send, as ``openssl req -new`` does."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    )
    if hostnames:
        names = [x509.DNSName(check_hostname(name)) for name in hostnames]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(private_key, signing_hash(private_key))
