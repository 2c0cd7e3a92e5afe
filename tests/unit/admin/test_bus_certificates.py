"""Every certificate that the bus has signed with is found: in its folder, and among those that were issued to it."""

from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from support.rig import Rig, party

from esb.admin.bus_certificates import bus_certificates
from esb.admin.register import enter
from esb.certs.profiles import BUS_SIGNING
from esb.registry.acts import acting
from esb.registry.database import open_database


def test_the_certificates_are_those_of_the_folder_and_all_that_were_ever_issued(
    tmp_path: Path, sqlite_database: str
) -> None:
    own = Rig().bus_party.certificate.public_bytes(Encoding.DER)
    engine = open_database(sqlite_database)
    earlier = party("EESMN").certificate
    with acting(engine, "operator", 1_700_000_000) as act:
        enter(act, earlier, earlier, BUS_SIGNING, "")
    (tmp_path / "bus.pem").write_bytes(Rig().bus_party.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "other.pem").write_bytes(b"no certificate")
    (tmp_path / "passphrase").write_bytes(b"secret")
    assert bus_certificates(tmp_path, engine) == [earlier.public_bytes(Encoding.DER), own]
    engine.dispose()
