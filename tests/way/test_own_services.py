"""The bus's own typed services, asked by zeep with real signatures, on both databases: what they change is one act of
the registry, by the officer whom the request names, and a member acts for itself alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from lxml import etree
from support.client import post, verify_with_xmlsec
from support.place import Place, make_place
from support.provider import Provider
from zeep.transports import Transport

from esb.admin.grants import approve
from esb.admin.hosted import hosted_contract
from esb.admin.services import register_service
from esb.kernel.directory import SignatureMode
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.acts import find_changes
from esb.registry.applications import accept_application
from esb.registry.database import reading
from esb.registry.errors import Forbidden
from esb.registry.members import add_system
from esb.registry.procedure import Limits
from esb.registry.services import Terms

SERVICES = {name: ServiceId.parse(f"DIN/BUS/{name.title()}/v1") for name in ("metadata", "registry", "participation")}
OFFICER = "Ə. Quliyev"


@contextmanager
def serving(folder: Path, database: str) -> Iterator[Place]:
    """A bus whose registry is on a database, with its own services granted to EESMN."""
    provider = Provider()
    environment = {} if database.startswith("sqlite") else {"SHLUZ_REGISTRY_URL": database}
    place = make_place(folder, provider, **environment)
    for name, service in SERVICES.items():
        terms = Terms(endpoint=name, adapter="hosted", signature=SignatureMode.NONE, timeout=20.0)
        facts = {"author": "operator", "now": time.time(), "told": lambda _: None}
        register_service(place.engine, service, hosted_contract(name), terms, **facts)
        place.grant("EESMN", service)
    with place.acting() as act:
        add_system(act, "EESMN", "PENSION", "Pensiya", "Pensions")
    try:
        with place.serve():
            yield place
    finally:
        provider.close()
        place.engine.dispose()


class Signing(Transport):
    """zeep's transport with a consumer that signs what zeep would send, naming its officer."""

    def __init__(self, place: Place, consumer: str, officer: str) -> None:
        super().__init__(session=requests.Session())
        self.place, self.consumer = place, consumer
        field = f"<e:officer>{officer}</e:officer>" if officer else "<e:caseNumber>1</e:caseNumber>"
        self.header = f'<e:Exchange xmlns:e="urn:shluz:exchange:1">{field}</e:Exchange>'.encode()

    def _load_remote_data(self, url: str) -> bytes:
        return requests.get(url.replace("http://bus.test", f"http://127.0.0.1:{self.place.port}"), timeout=20).content

    def post_xml(self, address: str, envelope: Any, headers: Any) -> Any:
        version = next(each for each in SoapVersion if envelope.tag.startswith(f"{{{each.value}}}"))
        payload = etree.tostring(envelope.find(f"{{{version.value}}}Body")[0])
        signed = self.place.consumers[self.consumer].sign(payload, version=version, headers=(self.header,))
        path = address.removeprefix("http://bus.test")
        reply = post(self.place.port, path, signed, f"{version.media_type}; charset=utf-8")
        verify_with_xmlsec(reply, self.place.bus_certificate)
        response = requests.Response()
        response.status_code, response._content = reply.status, reply.body
        response.headers["Content-Type"] = reply.headers["content-type"]
        return response


def client(place: Place, name: str, consumer: str = "EESMN", officer: str = OFFICER, query: str = "?wsdl") -> Any:
    transport = Signing(place, consumer, officer)
    return zeep.Client(f"http://bus.test{SERVICES[name].path}{query}", transport=transport).service


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(zeep.exceptions.Fault) as fault:
        yield
    detail = fault.value.detail
    assert detail is not None, fault.value.message
    assert detail.findtext(".//{*}code") == code, etree.tostring(detail)


def test_a_member_takes_part_by_soap_alone(database_url: str, tmp_path: Path) -> None:
    with serving(tmp_path / "home", database_url) as place:
        registry, participation = client(place, "registry"), client(place, "participation")

        # Who takes part, and what is known of the caller.
        members = {each.code: each for each in registry.listMembers()}
        assert (members["DIN"].az, members["DIN"].status) == ("DIN Nazirliyi", "active")
        (own,) = registry.myCertificates()
        assert (own.use, own.usable, own.revoked) == ("signing", True, None)
        assert own.until > datetime.now(UTC)
        changes = registry.registryChanges(0, 500)
        assert {each.kind for each in changes} == {"member", "system", "service", "contract"}
        assert [each.number for each in registry.registryChanges(0, 3)] == [each.number for each in changes[:3]]
        assert not registry.registryChanges(changes[-1].number, None)

        # A grant is requested by the consumer's officer, and decided upon by another.
        service = "DIN/IAMAS/PersonQuery/v1"
        wanted = {"consumer": "EESMN/PENSION", "service": service, "purpose": "Pensions", "basis": "Law 1"}
        number = participation.requestGrant({**wanted, "perDay": 5})
        with pytest.raises(Forbidden):
            approve(place.engine, number, author=f"EESMN/{OFFICER}", now=time.time())
        assert {each.status for each in registry.myGrants() if each.number == number} == {"requested"}
        approve(place.engine, number, author="operator", now=time.time())
        assert {each.status for each in registry.myGrants() if each.number == number} == {"approved"}
        with refused("NotYours"):
            participation.requestGrant({**wanted, "consumer": "DIN"})
        with refused("NotFound"):
            participation.requestGrant({**wanted, "service": "DIN/IAMAS/Nothing/v1"})
        with refused("Invalid"):
            participation.requestGrant({**wanted, "service": "nonsense"})

        # An application with its contract; its standing is the applicant's to see.
        application = {
            "kind": "new",
            "purpose": "Pensiya məlumatı",
            "contact": "it@eesmn.example",
            "service": "EESMN/PENSION/Persons/v1",
            "endpoint": "http://10.1.2.3/p",
            "wsdl": _bundle(place, service),
            "main": "service.wsdl",
        }
        filed = participation.applyForConnection(application)
        status = participation.applicationStatus(filed)
        assert (status.state, status.turn, status.subject) == ("applied", "operator", "EESMN/PENSION/Persons/v1")
        with place.acting() as act:
            accept_application(act, filed, "Tamdır", Limits())
        assert [(each.number, each.state) for each in participation.myApplications()] == [(filed, "complete")]
        with refused("Conflict"):
            participation.applyForConnection(application)
        with refused("Incomplete"):
            participation.applyForConnection({**application, "service": "DIN/X/Y/v1"})
        with refused("ContractRefused"):
            participation.applyForConnection({**application, "wsdl": b"<nonsense/>"})
        with refused("Invalid"):
            participation.applyForConnection({**application, "kind": "other"})
        with refused("NotFound"):
            participation.applicationStatus(9_999)
        assert participation.withdrawApplication(filed, "Sonra") is True
        with refused("Conflict"):
            participation.withdrawApplication(filed, "Yenə")

        # Maintenance is announced; the mailbox tells what came, and is acknowledged.
        begins = datetime.now(UTC) + timedelta(hours=1)
        work = {"begins": begins, "ends": begins + timedelta(hours=1), "reason": "Disk"}
        said = participation.announceMaintenance(work)
        assert (said.late, said.told) == (True, [])
        with refused("Invalid"):
            participation.announceMaintenance({**work, "service": [service]})
        letters = participation.readMailbox(0, True)
        assert {each.topic for each in letters} >= {"application-moved"}
        assert participation.acknowledge([each.number for each in letters]) == len(letters)
        assert participation.acknowledge([each.number for each in letters]) == 0
        assert not participation.readMailbox(0, True)
        assert len(participation.readMailbox(0, None)) == len(letters)
        with refused("NotFound"):
            participation.acknowledge([9_999])

        # Nothing is changed by nobody; nothing is another's; all of it is the named officer's.
        with refused("OfficerMissing"):
            client(place, "participation", officer="").requestGrant(wanted)
        stranger = place.member("STRANGER")
        place.grant(stranger.code, SERVICES["participation"])
        place.settle()
        with refused("NotFound"):
            client(place, "participation", "STRANGER").applicationStatus(filed)
        with refused("NotFound"):
            client(place, "participation", "STRANGER").withdrawApplication(filed, "x")
        with reading(place.engine) as session:
            done = {(row.act, row.kind) for row in find_changes(session, author=f"EESMN/{OFFICER}")}
        assert done >= {
            ("request", "grant"),
            ("apply", "application"),
            ("withdraw", "application"),
            ("announce", "maintenance"),
            ("read", "mailbox"),
        }


def test_both_soap_versions_and_a_grant_are_wanted(sqlite_database: str, tmp_path: Path) -> None:
    with serving(tmp_path / "home", sqlite_database) as place:
        assert len(client(place, "registry", query="?wsdl&soap=1.2").listMembers()) == 2
        with pytest.raises(zeep.exceptions.Fault, match="grant"):
            client(place, "registry", "DIN").listMembers()


def _bundle(place: Place, service: str) -> bytes:
    found: bytes = client(place, "metadata").getContract(service)
    return found
