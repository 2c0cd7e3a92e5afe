"""Whatever is done to the registry, a directory refreshed step by step equals one built anew."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateUse, MemberStatus, ServiceStatus
from esb.kernel.names import ServiceId
from esb.registry.acts import Act, acting
from esb.registry.certificates import add_certificate, revoke_certificate
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.errors import RegistryError
from esb.registry.grants import Leave, add_grant, revoke_grant
from esb.registry.members import add_member, add_system, set_member_status
from esb.registry.models import MemberKind, RevocationReason
from esb.registry.services import Terms, add_service, update_service
from esb.registry.snapshot import build_directory, refresh

FEW = st.integers(0, 2)
Do = Callable[[Act, Contract], object]


def _unsynced(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")  # hundreds of registries, none of which outlives its example


def _service(number: int) -> ServiceId:
    return ServiceId(f"M{number % 2}", "S", f"Service{number}", "v1")


def _add_service(number: int) -> Do:
    def do(act: Act, contract: Contract) -> None:
        digest = put_contract(act, b"packed %d" % (number % 2), contract)
        add_service(act, _service(number), digest, Terms("http://provider.example/"))

    return do


def _certificate_digest(number: int) -> str:
    return hashlib.sha256(b"der %d" % number).hexdigest()


STEPS: st.SearchStrategy[Do] = st.one_of(
    st.builds(lambda n: lambda act, _: add_member(act, f"M{n}", "Ad", "Name", MemberKind.STATE), FEW),
    st.builds(lambda n: lambda act, _: add_system(act, f"M{n}", "S", "Ad", "Name"), FEW),
    st.builds(
        lambda n, status: lambda act, _: set_member_status(act, f"M{n}", status, "as was decided"),
        FEW,
        st.sampled_from(MemberStatus),
    ),
    st.builds(_add_service, FEW),
    st.builds(
        lambda n, status, seconds: lambda act, _: update_service(act, _service(n), status=status, timeout=seconds),
        FEW,
        st.sampled_from(ServiceStatus),
        st.sampled_from([1.0, 2.0]),
    ),
    st.builds(
        lambda n, system, m, purpose: (
            lambda act, _: add_grant(act, f"M{n}/S" if system else f"M{n}", _service(m), Leave(purpose, "law", 1.0))
        ),
        FEW,
        st.booleans(),
        FEW,
        st.sampled_from(["pension", "tax", "school"]),
    ),
    st.builds(lambda n: lambda act, _: revoke_grant(act, n, "over"), st.integers(1, 6)),
    st.builds(
        lambda n, m: lambda act, _: add_certificate(act, b"der %d" % n, f"M{m}" if m else "", CertificateUse.SIGNING),
        FEW,
        FEW,
    ),
    st.builds(
        lambda n, why: lambda act, _: revoke_certificate(act, _certificate_digest(n), why),
        FEW,
        st.sampled_from([RevocationReason.CERTIFICATE_HOLD, RevocationReason.SUPERSEDED]),
    ),
)
# What most steps stand on, so that few of them are refused and many change what is there already.
GROUND: list[Do] = [
    *[lambda act, _, n=n: add_member(act, f"M{n}", "Ad", "Name", MemberKind.STATE) for n in range(2)],
    *[lambda act, _, n=n: add_system(act, f"M{n}", "S", "Ad", "Name") for n in range(2)],
    _add_service(0),
    lambda act, _: add_grant(act, "M1", _service(0), Leave("pension", "law", 1.0)),
    lambda act, _: add_grant(act, "M1", _service(0), Leave("tax", "law", 1.0)),
    lambda act, _: add_certificate(act, b"der 0", "M1", CertificateUse.SIGNING),
]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.lists(STEPS, min_size=1, max_size=6), max_size=6))
def test_refreshing_equals_building_anew(
    acts: list[list[Do]], sqlite_template: Path, make_contract: Callable[..., Contract], plain_certificates: Any
) -> None:
    known, index = plain_certificates.known, plain_certificates.index
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(sqlite_template, Path(folder) / "registry.db")
        engine = open_database(f"sqlite:///{folder}/registry.db")
        event.listen(engine, "connect", _unsynced)
        try:
            with reading(engine) as session:
                directory = build_directory(session.connection(), known, index, 1.0)
            for number, steps in enumerate([GROUND, *acts]):
                now = 10.0 + number
                with suppress(RegistryError), acting(engine, "officer", now) as act:
                    for step in steps:
                        # A step that is refused before it wrote anything leaves the others standing.
                        with suppress(RegistryError):
                            step(act, make_contract())
                with reading(engine) as session:
                    before, directory = directory, refresh(directory, session.connection(), known, index, now)
                    built = build_directory(session.connection(), known, index, directory.built_at)
                assert directory == built
                assert (directory is before) == (directory.version == before.version)
        finally:
            engine.dispose()
