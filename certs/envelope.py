"""The encryption of a private key at rest: PKCS#8 EncryptedPrivateKeyInfo (RFC 5958) with PBES2 (RFC 8018).

``cryptography`` writes this form with PBKDF2 of 2,048 rounds, which a guesser passes quickly.  Here the key is derived
by scrypt (RFC 7914) with the cost that OWASP's password storage guide gives, and stays readable by OpenSSL 1.1 and
later.
"""

import base64
import textwrap

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

from esb.certs import der
from esb.kernel.frozen import frozen

BEGIN = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
END = "-----END ENCRYPTED PRIVATE KEY-----"


@frozen
class Cost:
    """What one guess at a passphrase costs whoever tries: the parameters of scrypt (RFC 7914 section 2).

    128 * n * r octets of memory; OpenSSL refuses to read more than 32 MiB.
    """

    n: int = 2**14
    r: int = 8
    p: int = 5


COST = Cost()
"""Of every file that this program writes."""

_MOST_MEMORY = 32 * 1024 * 1024
_MOST_PASSES = 16
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")


def seal(pkcs8: bytes, passphrase: bytes, salt: bytes, iv: bytes) -> bytes:
    """Encrypt a PrivateKeyInfo (DER) and write it as PEM.

    Args:
        pkcs8: the key, DER.
        passphrase: as it will be typed; not empty.
        salt, iv: 16 fresh random octets each.
    """
    n, r, p = COST.n, COST.r, COST.p
    key = Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase)
    padder = PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    sealed = cipher.update(padder.update(pkcs8) + padder.finalize()) + cipher.finalize()
    cost = (der.encode_integer(number) for number in (n, r, p))
    derivation = der.encode(der.SEQUENCE, _SCRYPT, der.encode(der.SEQUENCE, der.encode(der.OCTET_STRING, salt), *cost))
    encryption = der.encode(der.SEQUENCE, _AES_256_CBC, der.encode(der.OCTET_STRING, iv))
    algorithm = der.encode(der.SEQUENCE, _PBES2, der.encode(der.SEQUENCE, derivation, encryption))
    document = der.encode(der.SEQUENCE, algorithm, der.encode(der.OCTET_STRING, sealed))
    lines = textwrap.wrap(base64.b64encode(document).decode(), 64)
    return "\n".join((BEGIN, *lines, END, "")).encode()


def open_sealed(pem: bytes, passphrase: bytes) -> bytes:
    """Open what :func:`seal` wrote, by no other derivation, at the cost that it names.

    ``cryptography`` opens private keys in this form by itself; this is for what is none, such as a key that wraps keys.

    Raises:
        ValueError: it is not in that form, or the passphrase does not open it.
    """
    document = base64.b64decode("".join(pem.decode("ascii").strip()[len(BEGIN) : -len(END)].split()), validate=True)
    algorithm, inner = _elements(_content(document), 2)
    scheme, parameters = _elements(algorithm, 2)
    derivation, encryption = _elements(parameters, 2)
    function, how = _elements(derivation, 2)
    salt, *cost = _elements(how, 4)
    cipher_name, iv = _elements(encryption, 2)
    n, r, p = (int.from_bytes(number, "big") for number in cost)
    named = [der.encode(der.OBJECT_IDENTIFIER, name) for name in (scheme, function, cipher_name)]
    if named != [_PBES2, _SCRYPT, _AES_256_CBC] or 128 * n * r > _MOST_MEMORY or p > _MOST_PASSES:
        raise ValueError("another form")
    key = Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase)
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(cipher.update(inner) + cipher.finalize()) + unpadder.finalize()


def _content(document: bytes) -> bytes:
    tag, content, rest = der.decode(document)
    if tag != der.SEQUENCE or rest:
        raise ValueError("another form")
    return content


def _elements(content: bytes, count: int) -> list[bytes]:
    """The contents of so many elements, and nothing behind them."""
    found = []
    while content:
        _, inner, content = der.decode(content)
        found.append(inner)
    if len(found) != count:
        raise ValueError("another form")
    return found


def is_whole(pem: bytes) -> bool:
    """Whether ``pem`` is one EncryptedPrivateKeyInfo from its first octet to its last, as far as can be seen outside.

    What is whole and does not open was given a wrong passphrase; what is not is a broken file.
    """
    try:
        text = pem.decode("ascii").strip()
        if not (text.startswith(BEGIN) and text.endswith(END)):
            return False
        document = base64.b64decode("".join(text[len(BEGIN) : -len(END)].split()), validate=True)
        outer, inside, after = der.decode(document)
        algorithm, _, rest = der.decode(inside)
        data, _, end = der.decode(rest)
    except ValueError:
        return False
    return (outer, algorithm, data) == (der.SEQUENCE, der.SEQUENCE, der.OCTET_STRING) and not (after or end)
