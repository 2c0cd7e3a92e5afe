"""The home of a measurement: services that demand what the case says, keys of the case's kinds, closed files."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from esb.bench.case import Case, Keys, Setting
from esb.bench.place import make_place, service_of, write_self_signed
from esb.bench.provider import read_party
from esb.bench.signing import Style
from esb.conf.load import load
from esb.kernel.directory import AnswerSignature
from esb.registry.database import open_database, reading
from esb.registry.grants import list_grants
from esb.registry.services import list_services


def test_every_kind_of_answer_is_a_service_with_a_grant(tmp_path: Path) -> None:
    cases = [Case(), Case(connections=64), Case(answer=9_000), Case(style=Style.FOREIGN), Case(provider_signed=False)]
    place = make_place(tmp_path, Setting(), cases, 4711)
    engine = open_database(load(place.home, place.environment).settings.registry.url)
    with reading(engine) as session:
        rows = {row.name: row for row in list_services(session)}
        grants = {grant.service.name for grant in list_grants(session)}
    engine.dispose()
    assert rows.keys() == grants == {service_of(case) for case in cases}
    assert len(rows) == 4
    assert rows[service_of(Case())].answer_signature is AnswerSignature.REQUIRED
    assert rows[service_of(Case(provider_signed=False))].answer_signature is AnswerSignature.IGNORED
    assert rows[service_of(Case(answer=9_000))].endpoint == "http://127.0.0.1:4711/9000/canonical/signed"


def test_agencies_have_rsa_and_the_bus_p256_where_keys_are_mixed(tmp_path: Path) -> None:
    place = make_place(tmp_path, Setting(Keys.MIXED), [Case()], 1)
    assert isinstance(place.consumer.certificate.public_key(), rsa.RSAPublicKey)
    assert isinstance(read_party(tmp_path, "provider").certificate.public_key(), rsa.RSAPublicKey)
    bus = x509.load_pem_x509_certificate(place.bus_certificate)
    assert isinstance(bus.public_key(), ec.EllipticCurvePublicKey)


def test_keys_are_closed_to_others(tmp_path: Path) -> None:
    make_place(tmp_path, Setting(tls=True), [Case()], 1)
    keys = list(tmp_path.glob("*.key"))
    assert {path.stem for path in keys} == {"consumer", "provider", "door", "client"}
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_a_yardstick_asks_no_authority(tmp_path: Path) -> None:
    write_self_signed(tmp_path, "floor", "p256")
    certificate = read_party(tmp_path, "floor").certificate
    assert certificate.issuer == certificate.subject
