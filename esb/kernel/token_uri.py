"""Where a key in a device is: a PKCS #11 URI (RFC 7512), as settings and commands name it.

A PIN never stands in one: a URI is written into settings, shown by commands and named in errors.  ``pin-source`` names
the file that holds it.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from esb.kernel.faults import EsbError

SCHEME: Final = "pkcs11:"

_LONGEST: Final = 2048
# RFC 7512, section 2.3: what may stand unescaped in a value of the path, and of the query.
_PATH_VALUE: Final = re.compile(r"(?:[A-Za-z0-9_.~:\[\]@!$'()*+,=&-]|%[0-9A-Fa-f]{2})*")
_QUERY_VALUE: Final = re.compile(r"(?:[A-Za-z0-9_.~:\[\]@!$'()*+,=/?|-]|%[0-9A-Fa-f]{2})*")
_TEXTS: Final = ("token", "manufacturer", "model", "serial", "object")
_QUERY: Final = ("module-path", "module-name", "pin-source")
_MODULE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


class TokenUriInvalid(EsbError):
    """A text is not a PKCS #11 URI that names a key; it says why, and repeats nothing of the text."""


@dataclass(frozen=True, slots=True)
class TokenUri:
    """A key in a device.

    Attributes:
        text: as it was written; it holds no PIN.
        token, manufacturer, model, serial: what the token must say of itself; None where anything will do.
        object: the key's label (CKA_LABEL), ``id`` its number (CKA_ID); one of them is given at least.
        slot: the slot's number; None for whichever holds the token.
        module_path: the device's library; ``module_name`` its name, looked for where systems keep such libraries.
        pin_source: the file whose first line is the PIN; None where the passphrase of the home's keys is the PIN.
    """

    text: str
    token: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    object: str | None = None
    id: bytes | None = None
    slot: int | None = None
    module_path: Path | None = None
    module_name: str | None = None
    pin_source: Path | None = None

    def __str__(self) -> str:
        return self.text


KeyPlace = Path | TokenUri
"""Where a private key is: in a file, or in a device."""


def parse_token_uri(text: str) -> TokenUri:
    """Read a PKCS #11 URI that names a private key.

    Raises:
        TokenUriInvalid: it is none; it holds a PIN; it names no token, no key or no library; or it has an attribute
            that is not known, which could be what tells two keys apart (RFC 7512, section 2.3, leaves that open).
    """
    if not text.startswith(SCHEME):
        raise TokenUriInvalid("a PKCS #11 URI begins with pkcs11:")
    if len(text) > _LONGEST:
        raise TokenUriInvalid("the PKCS #11 URI is too long")
    path, _, query = text.removeprefix(SCHEME).partition("?")
    facts: dict[str, str] = {}
    for form, separator, part in ((_PATH_VALUE, ";", path), (_QUERY_VALUE, "&", query)):
        for pair in part.split(separator) if part else ():
            name, equals, value = pair.partition("=")
            if name == "pin-value":
                raise TokenUriInvalid("a PIN does not belong in a URI: put it into a file, and name it by pin-source=")
            if not equals or not form.fullmatch(value):
                raise TokenUriInvalid("a part of the PKCS #11 URI is not NAME=VALUE with other characters as %XX")
            known = (*_TEXTS, "id", "type", "slot-id") if form is _PATH_VALUE else _QUERY
            if name not in known:
                raise TokenUriInvalid(f"the PKCS #11 URI has an attribute that is not known here: {name[:32]!a}")
            if name in facts:
                raise TokenUriInvalid(f"the PKCS #11 URI says {name} twice")
            facts[name] = value
    if facts.pop("type", "private") != "private":
        raise TokenUriInvalid("the PKCS #11 URI does not name a private key: leave type= away, or say type=private")
    slot = facts.get("slot-id")
    if slot is not None and not re.fullmatch(r"[0-9]{1,18}", slot):
        raise TokenUriInvalid("slot-id is a number")
    texts = {name: _text(facts[name]) for name in _TEXTS if name in facts}
    module, called = facts.get("module-path"), facts.get("module-name")
    uri = TokenUri(
        text,
        **texts,
        id=unquote_to_bytes(facts["id"]) if "id" in facts else None,
        slot=None if slot is None else int(slot),
        module_path=None if module is None else _path(module, "module-path"),
        module_name=None if called is None else _module(called),
        pin_source=None if "pin-source" not in facts else _path(_file(facts["pin-source"]), "pin-source"),
    )
    _check_names_enough(uri)
    return uri


def _check_names_enough(uri: TokenUri) -> None:
    if not (uri.object or uri.id):
        raise TokenUriInvalid("the PKCS #11 URI names no key: give object= (its label), id= or both")
    if uri.token is None and uri.serial is None and uri.slot is None:
        raise TokenUriInvalid("the PKCS #11 URI names no token: give token= (its label), serial= or slot-id=")
    if (uri.module_path is None) == (uri.module_name is None):
        raise TokenUriInvalid(
            "the PKCS #11 URI says not which library speaks to the device: give one of ?module-path= and ?module-name="
        )


def _text(value: str) -> str:
    try:
        text = unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise TokenUriInvalid("a name in the PKCS #11 URI is not UTF-8") from None
    if not text.isprintable() or len(text) > 255:
        raise TokenUriInvalid("a name in the PKCS #11 URI holds control characters or is too long")
    return text


def _module(value: str) -> str:
    name = _text(value)
    if not _MODULE.fullmatch(name):
        raise TokenUriInvalid("module-name is a library's name without folder, such as softhsm2")
    return name


def _file(value: str) -> str:
    # RFC 7512, section 2.4: a file: URI, or a command behind a pipe, which is never run here.
    if value.startswith("|") or not value.startswith(("file:", "/")):
        raise TokenUriInvalid("pin-source is a file: pin-source=file:/etc/shluz/pin")
    value = value.removeprefix("file:")
    return value.removeprefix("//") if value.startswith("///") else value


def _path(value: str, name: str) -> Path:
    path = Path(_text(value))
    if not path.is_absolute():
        raise TokenUriInvalid(f"{name} is an absolute path")
    return path
