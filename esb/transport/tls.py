"""TLS contexts, for the doors and towards providers (RFC 9325).

TLS 1.2 and 1.3; in 1.2 only ephemeral keys with authenticated encryption; no renegotiation, no compression, and no
resumption by session id or ticket: connections are kept alive instead, and each handshake judges the certificate anew.
"""

from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto
from service_identity import VerificationError
from twisted.internet import ssl

from esb.kernel.faults import EsbError

_CIPHERS: Final = ssl.AcceptableCiphers.fromOpenSSLCipherString(  # type: ignore[no-untyped-call]
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
    "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK:!SRP"
)
_HTTP: Final = [b"http/1.1"]


class TlsConfigurationError(EsbError):
    """Certificates, keys or anchors that no TLS context can be made of."""


def server_options(
    certificate_chain_pem: bytes,
    private_key: PrivateKeyTypes | bytes,
    client_anchors_pem: bytes | None,
    require_client: bool,
) -> ssl.CertificateOptions:
    """What a listening port needs: ``reactor.listenSSL(port, factory, options)``.

    Args:
        certificate_chain_pem: the server's own certificate first, then what leads to its anchor, the anchor left out.
        private_key: the certificate's key, or its unencrypted PEM.
        client_anchors_pem: the certificates that client certificates must lead to; None asks for none.
        require_client: end the handshake with a client that shows no certificate.

    Raises:
        TlsConfigurationError: something is missing, cannot be read or does not belong together.
    """
    own, key, others = _identity(certificate_chain_pem, private_key, "the server's certificate chain")
    if require_client and client_anchors_pem is None:
        raise TlsConfigurationError("client certificates are required, and no anchors are given to judge them by")
    anchors = None if client_anchors_pem is None else _certificates(client_anchors_pem, "the anchors of clients")
    options = ssl.CertificateOptions(
        privateKey=key,
        certificate=own,
        extraCertChain=others,
        verify=anchors is not None,
        caCerts=anchors,
        requireCertificate=require_client,
        acceptableCiphers=_CIPHERS,
        acceptableProtocols=_HTTP,
        raiseMinimumTo=ssl.TLSVersion.TLSv1_2,
    )
    context = options.getContext()
    context.set_options(SSL.OP_NO_RENEGOTIATION)
    for anchor in anchors or ():
        context.add_client_ca(anchor)  # tells clients which of their certificates to offer
    return options


class ClientTls:
    """Makes connections towards providers: SNI, and the certificate's path, validity and name verified (RFC 9525).

    Args:
        anchors_pem: the certificates that a provider's must lead to.  The machine's own list is never used.
        certificate_chain_pem: our client certificate first, then what leads to its anchor; None shows none.
        private_key: the client certificate's key, or its unencrypted PEM.

    Raises:
        TlsConfigurationError: something is missing, cannot be read or does not belong together.
    """

    def __init__(
        self,
        anchors_pem: bytes,
        certificate_chain_pem: bytes | None = None,
        private_key: PrivateKeyTypes | bytes | None = None,
    ) -> None:
        if (certificate_chain_pem is None) != (private_key is None):
            raise TlsConfigurationError("a client certificate and its private key are given together")
        anchors = _certificates(anchors_pem, "the anchors of providers")
        self._trust: Any = ssl.trustRootFromCertificates(  # type: ignore[no-untyped-call]
            [ssl.Certificate(anchor) for anchor in anchors]  # type: ignore[no-untyped-call]
        )
        self._options: dict[str, Any] = {
            "acceptableCiphers": _CIPHERS,
            "raiseMinimumTo": ssl.TLSVersion.TLSv1_2,
        }
        if certificate_chain_pem is not None and private_key is not None:
            own, key, others = _identity(certificate_chain_pem, private_key, "our client certificate chain")
            self._options |= {"certificate": own, "privateKey": key, "extraCertChain": others}
        self._by_host: dict[str, Any] = {}

    def for_host(self, host: str) -> Any:
        """The connection creator for ``host``, a DNS name or an IP address; made once for each."""
        creator = self._by_host.get(host)
        if creator is None:
            creator = ssl.optionsForClientTLS(
                host,
                trustRoot=self._trust,
                acceptableProtocols=_HTTP,
                extraCertificateOptions=dict(self._options),
            )
            self._by_host[host] = creator
        return creator


def is_tls_failure(why: BaseException) -> bool:
    """Whether a connection ended because of TLS: a certificate, a name, a version, an alert."""
    return isinstance(why, SSL.Error | VerificationError)


def _identity(
    chain_pem: bytes, key: PrivateKeyTypes | bytes, what: str
) -> tuple[crypto.X509, crypto.PKey, list[crypto.X509]]:
    own, *others = _certificates(chain_pem, what)
    if isinstance(key, bytes):
        try:
            key = load_pem_private_key(key, password=None)
        except (ValueError, TypeError) as error:
            raise TlsConfigurationError(f"the key of {what} is not an unencrypted PEM private key") from error
    if own.to_cryptography().public_key() != key.public_key():
        raise TlsConfigurationError(f"the private key is not that of the first certificate in {what}")
    try:
        return own, crypto.PKey.from_cryptography_key(key), others  # type: ignore[arg-type]
    except TypeError as error:
        raise TlsConfigurationError(f"the key of {what} is of a kind that TLS does not use") from error


def _certificates(pem: bytes, what: str) -> list[crypto.X509]:
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise TlsConfigurationError(f"{what} is not a list of PEM certificates") from error
    return [crypto.X509.from_cryptography(certificate) for certificate in found]
