"""Keys and certificates by which the bus itself serves: the OCSP responder, the time-stamp authority, the TLS door.

Each is made anew as often as asked, in the place of the one before; a running bus takes it up within its polling time.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.authority import issue_own, open_authority, write_over
from esb.admin.home import Home
from esb.admin.register import adopt, enter
from esb.certs.ca import NOWHERE, Published
from esb.certs.keys import generate_key, store_key
from esb.certs.profiles import Profile
from esb.registry.acts import acting


def make_office(
    home: Home,
    engine: Engine,
    passphrase: bytes,
    profile: Profile,
    *,
    key: Path,
    certificate: Path,
    name: str,
    kind: str,
    days: int,
    author: str,
    now: float,
    random: Callable[[int], bytes],
    published: Published = NOWHERE,
    hostnames: tuple[str, ...] = (),
) -> x509.Certificate:
    """Make a key of ``kind`` and its certificate after ``profile``, in the place of what stands at the two paths.

    Between the two writes the files do not go together; who reads them then goes on with what it has.

    Raises:
        AuthorityMissing: the home has no authority.
        KeyUnusable, AuthorityError, RequestRefused: the key or certificate cannot be made.
    """
    authority_key, authority = open_authority(home, passphrase)
    own = generate_key(kind)
    issued = issue_own(
        authority_key, authority, own, name, profile, min(days, profile.longest_days), now, random, published, hostnames
    )
    for folder in (key.parent, certificate.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Entered before it is written: nobody meets a certificate that the responder would not know.
    with acting(engine, author, now) as act:
        adopt(act, home, authority)
        enter(act, authority, issued, profile, "")
    draft = key.with_name(f".{key.name}.new")
    draft.unlink(missing_ok=True)
    store_key(own, draft, passphrase)
    os.replace(draft, key)
    write_over(certificate, issued.public_bytes(Encoding.PEM))
    return issued
