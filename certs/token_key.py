"""A private key in a device (PKCS #11): it signs there and never comes out.

The digest is made here and the device signs it, so that a message of a megabyte does not cross to the device, and every
device that knows CKM_ECDSA and CKM_RSA_PKCS will do.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import pkcs11
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11 import exceptions as trouble
from pkcs11.util.ec import encode_named_curve_parameters

from esb.certs.strength import weakness
from esb.certs.token_module import Sessions, pin_of
from esb.certs.token_private import TokenEcPrivateKey, TokenRsaPrivateKey
from esb.certs.unusable import KeyUnusable
from esb.kernel import namespaces as ns
from esb.kernel.token_uri import TokenUri

TOKEN_KINDS: Final = ("p256", "p384", "rsa2048", "rsa3072", "rsa4096")
"""What :func:`make_token_key` makes."""

_CURVES: Final[dict[bytes, ec.EllipticCurve]] = {
    encode_named_curve_parameters("secp256r1"): ec.SECP256R1(),
    encode_named_curve_parameters("secp384r1"): ec.SECP384R1(),
}
_NAMES: Final = {"p256": "secp256r1", "p384": "secp384r1"}


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key in a device, as :class:`esb.certs.keys.SigningKey`.  Safe to use from several threads: each has a session.

    Attributes:
        uri: where it is.
        private_key: the same for `cryptography`'s builders of certificates, requests, lists and OCSP answers.
        extractable: whether the device would give it out, or did not make it so that it never was outside.
    """

    uri: TokenUri
    private_key: "TokenEcPrivateKey | TokenRsaPrivateKey" = field(repr=False)
    extractable: bool
    algorithm: str = field(init=False)

    def __post_init__(self) -> None:
        key = self.private_key
        if isinstance(key, TokenRsaPrivateKey):
            algorithm = ns.RSA_SHA256
        else:
            algorithm = ns.ECDSA_SHA384 if key.key_size == 384 else ns.ECDSA_SHA256
        object.__setattr__(self, "algorithm", algorithm)

    def sign(self, data: bytes) -> bytes:
        """See :meth:`esb.certs.keys.SigningKey.sign`.

        Raises:
            KeyUnusable: the device is away, or does not sign.
        """
        return self.private_key.sign_for_xml(data)

    @property
    def problem(self) -> str:
        """Why the device did not sign the last time; "" when it did."""
        return self.private_key.sessions.problem

    def public_key(self) -> PublicKeyTypes:
        """See :meth:`esb.certs.keys.SigningKey.public_key`."""
        return self.private_key.public_key()


def open_token_key(uri: TokenUri, passphrase: bytes) -> TokenKey:
    """Log in to a token and find a key.

    Args:
        passphrase: the PIN where the URI names no file with it.

    Raises:
        WrongPassphrase: the PIN is wrong.
        KeyUnusable: library, token or key are not there, or the key is of a kind that is not accepted.
    """
    sessions = Sessions(uri, pin_of(uri, passphrase), lambda session: _found(session, uri))
    public, extractable, asks = sessions.use(lambda key: _facts(key, uri))
    if asks:
        raise KeyUnusable(
            f"{uri}: the device wants the PIN before each signature (CKA_ALWAYS_AUTHENTICATE): make a key that does not"
        )
    problem = weakness(public)
    if problem:
        raise KeyUnusable(f"{uri} cannot be used: {problem}")
    private: TokenEcPrivateKey | TokenRsaPrivateKey
    if isinstance(public, rsa.RSAPublicKey):
        private = TokenRsaPrivateKey(public, sessions)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        private = TokenEcPrivateKey(public, sessions)
    else:
        raise KeyUnusable(f"{uri}: the key is of a kind that is not accepted: use P-256, P-384 or RSA")
    return TokenKey(uri, private, extractable)


def make_token_key(uri: TokenUri, kind: str, passphrase: bytes) -> TokenKey:
    """Make a key inside the device: sensitive, never extractable, for signing alone.

    Raises:
        KeyUnusable: there is such a key already, the device does not make one, or ``kind`` is none of
            :data:`TOKEN_KINDS`.
    """
    if kind not in TOKEN_KINDS:
        raise KeyUnusable(f"a device makes no key of kind {kind[:20]!r} for us: choose one of {', '.join(TOKEN_KINDS)}")
    if not uri.object:
        raise KeyUnusable(f"{uri}: a new key needs a name: add object=NAME to the URI")
    sessions = Sessions(uri, pin_of(uri, passphrase), lambda session: session, writable=True)
    sessions.use(lambda session: _make(session, uri, kind))
    return open_token_key(uri, passphrase)


def list_token_keys(uri: TokenUri, passphrase: bytes) -> list[tuple[str, str, str]]:
    """The private keys of a URI's token: label, CKA_ID in hexadecimal, and kind as people say it; by label.

    Raises:
        KeyUnusable: as :func:`open_token_key`.
    """
    sessions = Sessions(uri, pin_of(uri, passphrase), lambda session: session)
    return sessions.use(
        lambda session: sorted(_row(key) for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
    )


def _row(key: Any) -> tuple[str, str, str]:
    kind = getattr(key.key_type, "name", str(key.key_type))
    if key.key_type is KeyType.RSA:
        kind = f"rsa{key.key_length}"
    elif key.key_type is KeyType.EC:
        curve = _CURVES.get(bytes(key[Attribute.EC_PARAMS]))
        kind = "EC, another curve" if curve is None else f"p{curve.key_size}"
    return str(key.label or ""), bytes(key.id or b"").hex(), kind


def _template(uri: TokenUri, kind: ObjectClass) -> dict[Any, Any]:
    wanted: dict[Any, Any] = {Attribute.CLASS: kind}
    if uri.object:
        wanted[Attribute.LABEL] = uri.object
    if uri.id:
        wanted[Attribute.ID] = uri.id
    return wanted


def _found(session: Any, uri: TokenUri) -> Any:
    found = list(session.get_objects(_template(uri, ObjectClass.PRIVATE_KEY)))
    if not found:
        raise trouble.NoSuchKey
    if len(found) > 1:
        raise KeyUnusable(f"{uri}: {len(found)} private keys are called so: add id= to the URI")
    return found[0]


def _facts(key: Any, uri: TokenUri) -> tuple[PublicKeyTypes, bool, bool]:
    """The public key, whether the private one could come out, and whether the device asks at each signature."""
    return _public(key, uri), _flag(key, Attribute.EXTRACTABLE), _flag(key, Attribute.ALWAYS_AUTHENTICATE)


def _flag(key: Any, attribute: Attribute) -> bool:
    try:
        return bool(key[attribute])
    except (trouble.PKCS11Error, KeyError, NotImplementedError):
        return False


def _public(key: Any, uri: TokenUri) -> PublicKeyTypes:
    try:
        if key.key_type is KeyType.RSA:
            modulus = int.from_bytes(key[Attribute.MODULUS], "big")
            exponent = int.from_bytes(key[Attribute.PUBLIC_EXPONENT], "big")
            return rsa.RSAPublicNumbers(exponent, modulus).public_key()
        if key.key_type is KeyType.EC:
            curve = _CURVES.get(bytes(key[Attribute.EC_PARAMS]))
            if curve is None:
                raise KeyUnusable(f"{uri}: the key is on a curve that is not accepted: use P-256 or P-384")
            return ec.EllipticCurvePublicKey.from_encoded_point(curve, _point(key, uri))
    except ValueError:
        raise KeyUnusable(f"{uri}: what the device says of the public key cannot be read") from None
    raise KeyUnusable(f"{uri}: the key is of a kind that is not accepted: use P-256, P-384 or RSA")


def _point(key: Any, uri: TokenUri) -> bytes:
    """The public point: it stands at the public key beside the private one (same CKA_ID, else same label)."""
    wanted: dict[Any, Any] = {Attribute.CLASS: ObjectClass.PUBLIC_KEY}
    wanted |= {Attribute.ID: key.id} if key.id else {Attribute.LABEL: key.label}
    for public in key.session.get_objects(wanted):
        point = bytes(public[Attribute.EC_POINT])
        # PKCS #11 2.40, section 2.3.3: a DER OCTET STRING; some devices give the bare point (0x04 begins both).
        octets = point[3:] if point[1:2] == b"\x81" else point[2:]
        return octets if len(octets) % 2 and octets[:1] == b"\x04" else point
    raise KeyUnusable(f"{uri}: the token holds no public key beside the private one: store it there too")


def _make(session: Any, uri: TokenUri, kind: str) -> None:
    if next(iter(session.get_objects(_template(uri, ObjectClass.PRIVATE_KEY))), None) is not None:
        raise KeyUnusable(f"{uri} exists: nothing was made")
    own = {
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.PRIVATE: True,
        Attribute.SIGN: True,
        Attribute.DECRYPT: False,
        Attribute.UNWRAP: False,
    }
    open_to_all = {Attribute.VERIFY: True, Attribute.ENCRYPT: False, Attribute.WRAP: False}
    # CKA_ID ties the three: private key, public key and certificate.
    ident = uri.id or bytes(hashes_of(str(uri.object)))
    if kind in _NAMES:
        parameters = session.create_domain_parameters(
            KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters(_NAMES[kind])}, local=True
        )
        own.update({Attribute.DERIVE: False})
        open_to_all = {Attribute.VERIFY: True}
        own = {name: value for name, value in own.items() if name not in (Attribute.DECRYPT, Attribute.UNWRAP)}
        parameters.generate_keypair(
            mechanism=Mechanism.EC_KEY_PAIR_GEN,
            id=ident,
            label=uri.object,
            store=True,
            capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
            private_template=own,
            public_template=open_to_all,
        )
    else:
        session.generate_keypair(
            KeyType.RSA,
            int(kind.removeprefix("rsa")),
            id=ident,
            label=uri.object,
            store=True,
            capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
            private_template=own,
            public_template=open_to_all,
        )


def hashes_of(label: str) -> bytes:
    """A CKA_ID for a key that was given none: the first eight octets of its label's SHA-256."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(label.encode())
    return digest.finalize()[:8]
