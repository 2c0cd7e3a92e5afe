"""A master key in a device (PKCS #11): an AES key that wraps and unwraps there (CKM_AES_KEY_WRAP) and never comes out.

Data keys are made outside, by the process that seals with them, and are in its memory in any case; the device is given
one a day and class to wrap, and each one to unwrap that a reader needs.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11 import exceptions as trouble

from esb.certs.key_name import KNOWN, name_of
from esb.certs.token_key import hashes_of
from esb.certs.token_module import Sessions, pin_of
from esb.certs.unusable import KeyMissing, KeyUnusable
from esb.kernel.token_uri import TokenUri

_BITS: Final = 256
# Session objects alone: of the device's memory nothing is used, and they go with the session.
_PASSING: Final = {
    Attribute.TOKEN: False,
    Attribute.SENSITIVE: False,
    Attribute.EXTRACTABLE: True,
    Attribute.ENCRYPT: False,
    Attribute.DECRYPT: False,
    Attribute.WRAP: False,
    Attribute.UNWRAP: False,
}


@dataclass(frozen=True, slots=True)
class TokenMaster:
    """A master key in a device, as :class:`esb.certs.master_key.MasterKey`.

    Attributes:
        name: which key it is.
    """

    uri: TokenUri
    sessions: Sessions = field(repr=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", name_of(self.wrap(KNOWN)))

    @property
    def problem(self) -> str:
        """Why the device did not do it the last time; "" when it did."""
        return self.sessions.problem

    def wrap(self, key: bytes) -> bytes:
        """See :class:`esb.certs.master_key.MasterKey`."""

        def act(master: Any) -> bytes:
            passing = master.session.create_object(
                {
                    **_PASSING,
                    Attribute.CLASS: ObjectClass.SECRET_KEY,
                    Attribute.KEY_TYPE: KeyType.AES,
                    Attribute.VALUE: key,
                }
            )
            try:
                return bytes(master.wrap_key(passing, mechanism=Mechanism.AES_KEY_WRAP))
            finally:
                passing.destroy()

        return self.sessions.use(act)

    def unwrap(self, wrapped: bytes) -> bytes:
        """See :class:`esb.certs.master_key.MasterKey`."""

        def act(master: Any) -> bytes:
            passing = master.unwrap_key(
                ObjectClass.SECRET_KEY, KeyType.AES, wrapped, mechanism=Mechanism.AES_KEY_WRAP, template=_PASSING
            )
            try:
                return bytes(passing[Attribute.VALUE])
            finally:
                passing.destroy()

        return self.sessions.use(act)


def open_token_master(uri: TokenUri, passphrase: bytes) -> TokenMaster:
    """Log in to a token and find the key.

    Args:
        passphrase: the PIN where the URI names no file with it.

    Raises:
        KeyMissing: the token holds none of this name.
        KeyUnusable: library or token are not there, or the key does not wrap.
    """
    return TokenMaster(uri, Sessions(uri, pin_of(uri, passphrase), lambda session: _found(session, uri), writable=True))


def make_token_master(uri: TokenUri, passphrase: bytes) -> TokenMaster:
    """Make an AES key of 256 bits inside the device: sensitive, never extractable, for wrapping alone.

    Raises:
        KeyUnusable: there is such a key already, or the device does not make one.
    """
    if not uri.object:
        raise KeyUnusable(f"{uri}: a new key needs a name: add object=NAME to the URI")
    sessions = Sessions(uri, pin_of(uri, passphrase), lambda session: session, writable=True)
    sessions.use(lambda session: _make(session, uri))
    return open_token_master(uri, passphrase)


def _template(uri: TokenUri) -> dict[Any, Any]:
    wanted: dict[Any, Any] = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES}
    if uri.object:
        wanted[Attribute.LABEL] = uri.object
    if uri.id:
        wanted[Attribute.ID] = uri.id
    return wanted


def _found(session: Any, uri: TokenUri) -> Any:
    found = list(session.get_objects(_template(uri)))
    if not found:
        raise KeyMissing(f"{uri}: the token holds no such AES key.  Make one with: esb log key-make")
    if len(found) > 1:
        raise KeyUnusable(f"{uri}: {len(found)} AES keys are called so: add id= to the URI")
    return found[0]


def _make(session: Any, uri: TokenUri) -> None:
    if next(iter(session.get_objects(_template(uri))), None) is not None:
        raise KeyUnusable(f"{uri} exists: nothing was made")
    try:
        session.generate_key(
            KeyType.AES,
            _BITS,
            id=uri.id or bytes(hashes_of(str(uri.object))),
            label=uri.object,
            store=True,
            template={
                Attribute.SENSITIVE: True,
                Attribute.EXTRACTABLE: False,
                Attribute.PRIVATE: True,
                Attribute.WRAP: True,
                Attribute.UNWRAP: True,
                Attribute.ENCRYPT: False,
                Attribute.DECRYPT: False,
                Attribute.SIGN: False,
                Attribute.VERIFY: False,
            },
        )
    except trouble.MechanismInvalid:
        raise KeyUnusable(f"{uri}: the device makes no AES keys: keep the master key in a file") from None
