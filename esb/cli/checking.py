"""What the commands of the procedure share: the checks' bounds and trial bus, as the settings say."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from esb.cli.desk import Desk

if TYPE_CHECKING:
    from esb.admin.applications import CheckSettings, Trial
    from esb.admin.checks.model import Result


def check_settings(desk: Desk, allow_private: bool) -> "CheckSettings":
    """The checks' bounds, and how providers' certificates are judged."""
    import ssl

    from esb.admin.applications import CheckSettings
    from esb.admin.checks.model import Bounds
    from esb.own import pem_of
    from esb.wsdl.addresses import AddressRules

    checks, provider = desk.settings.checks, desk.settings.provider
    anchors = None if provider.anchors is None else pem_of(provider.anchors).decode("ascii", "ignore")
    tls = ssl.create_default_context(cadata=anchors)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    if provider.client_certificate is not None:
        tls.load_cert_chain(provider.client_certificate, provider.client_key, lambda: desk.passphrase)
    return CheckSettings(
        Bounds(
            require_tls=checks.require_tls,
            certificate_days=checks.certificate_days,
            calls=checks.calls,
            median_seconds=checks.median_seconds,
            p95_seconds=checks.p95_seconds,
            total_seconds=checks.total_seconds,
        ),
        AddressRules(allow_private=allow_private or checks.allow_private),
        checks.call_seconds,
        checks.answer_bytes,
        tls,
    )


@contextmanager
def trial_of(desk: Desk, member: str) -> Iterator["Trial"]:
    """A trial bus that signs as this bus, and knows the certificates by which ``member`` signs its answers.

    Its evidence is taken away at the end.  Raises EsbError where the bus has no key.
    """
    from esb.admin.believing import believe
    from esb.admin.certificates import der_of
    from esb.certs.index import CertificateLoader
    from esb.certs.keys import load_key
    from esb.certs.sign import Signer
    from esb.kernel.clock import SystemClock
    from esb.kernel.directory import CertificateUse
    from esb.own import own_certificate
    from esb.registry.certificates import list_certificates
    from esb.registry.database import reading
    from esb.trial import TrialBus, trial_exchanges

    settings, loader, clock = desk.settings, CertificateLoader(), SystemClock()
    certificate = own_certificate(settings.keys.certificate, clock)
    signer = Signer(load_key(settings.keys.signing_key, desk.passphrase), certificate)
    der = der_of(settings.keys.certificate.read_bytes(), str(settings.keys.certificate))
    bus = loader.known(der, "", CertificateUse.SIGNING, None, None)
    known = believe(settings.certs, desk.engine, clock.now()).known(loader, clock.now)
    with reading(desk.engine) as session:
        provider = [
            known(row.der, member, row.use, row.revoked.value if row.revoked else None)
            for row in list_certificates(session)
            if row.owner == member
        ]
    made: list[TrialBus] = []
    try:
        yield lambda line: trial_exchanges(line, signer, bus, provider, made)
    finally:
        for one in made:
            one.close()


def result_lines(result: "Result") -> list[str]:
    """One check's result for people: its title and outcome, then each finding with what to do."""
    from esb.admin.checks.model import Outcome
    from esb.admin.checks.order import TITLES
    from esb.cli.show import paint

    colours = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.NOT_APPLICABLE: "yellow"}
    word = paint(f"{result.outcome.value:<14}", colours[result.outcome])
    why = f": {result.facts['why']}" if result.outcome is Outcome.NOT_APPLICABLE and "why" in result.facts else ""
    lines = [f"{word}  {result.check:<10} {TITLES.get(result.check, '')}{why}"]
    for finding in result.findings:
        mark = "" if finding.grave else " (a warning)"
        lines.append(f"                {finding.rule}{mark}: {finding.text}")
        lines.append(f"                  → {finding.mend}")
    return lines
