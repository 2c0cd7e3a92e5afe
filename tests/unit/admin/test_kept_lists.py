"""Lists are kept under their issuer, and delta lists apart (the rest: test_lists.py, test_list_fetcher.py)."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.kept_lists import kept_list, list_subject
from esb.certs.ca import create_authority, sign_crl
from esb.registry.revocation import delta_subject

NOW = 1_800_000_000.0


@pytest.mark.parametrize("base", [None, 1])
def test_a_delta_list_does_not_stand_in_the_place_of_a_complete_one(base: int | None) -> None:
    key, root = create_authority("Root", "p256", NOW, 400)
    crl = sign_crl(key, root, [], 2, NOW, 7, base=base)
    kept = kept_list(crl, crl.public_bytes(Encoding.DER))
    issuer = list_subject(root.subject)
    assert kept.subject == (issuer if base is None else delta_subject(issuer))
    assert (kept.valid_from, kept.valid_until) == (crl.last_update_utc.timestamp(), crl.next_update_utc.timestamp())
