"""Check ``tls``: real handshakes with providers whose TLS is wrong in one way each."""

import ssl
import time
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from support.applicant import Applicant, certificate_for, over_tls
from support.provider import Provider

from esb.admin.checks.model import Outcome
from esb.admin.checks.tls import check
from esb.certs.ca import create_authority

CA = create_authority("Provider CA", "p256", time.time() - 86_400 * 500, 2000)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=CA[1].public_bytes(Encoding.PEM).decode())


def applying(provider: Provider, folder: Path, pair: tuple[bytes, bytes], **context: object) -> Applicant:
    url = over_tls(provider, folder, pair, **context)
    return Applicant(url, tls=trusting(), seconds=3.0)


def test_a_good_one(provider: Provider, tmp_path: Path) -> None:
    applicant = applying(provider, tmp_path, certificate_for(ca=CA))
    result = check(applicant.context([]))
    assert result.outcome is Outcome.PASS, result.findings
    assert result.facts["version"] == "TLSv1.3"
    assert 364 <= result.facts["days"] <= 365
    assert applicant.check().passed  # the exchange and all the rest, over TLS
