"""A key that the bus keeps for a member that signs nothing itself."""

import secrets
import time
from typing import Any

from cryptography import x509

from esb.admin.authority import enrol_member
from esb.admin.hosted_keys import make_hosted_key, use_hosted_key
from esb.admin.own_keys import request_for
from esb.kernel.directory import CertificateUse
from support.place import PASSPHRASE, Place


def host(place: Place, member: str = "DIN") -> x509.Certificate:
    """Make, certify and take up a hosted key."""
    folder = place.settings.keys.hosted
    facts: dict[str, Any] = {"author": "operator", "now": time.time()}
    path = make_hosted_key(folder, place.engine, member, "p256", None, PASSPHRASE, **facts)
    certificate = enrol_member(
        place.home,
        place.engine,
        PASSPHRASE,
        member,
        request_for(path, member, PASSPHRASE),
        use=CertificateUse.SIGNING,
        days=30,
        hostnames=(),
        random=secrets.token_bytes,
        **facts,
    )
    assert use_hosted_key(folder, place.engine, member, certificate, PASSPHRASE, **facts) == path
    return certificate
