"""The contract as integrators fetch it: WSDL for each SOAP version, schemas, bundle and samples, under one address."""

import http.client
import io
import zipfile

import pytest
from lxml import etree
from support.place import ADDRESS, Place
from support.way import PERSONS, path_of

WSDL = {
    "w": "http://schemas.xmlsoap.org/wsdl/",
    "s11": "http://schemas.xmlsoap.org/wsdl/soap/",
    "s12": "http://schemas.xmlsoap.org/wsdl/soap12/",
    "xs": "http://www.w3.org/2001/XMLSchema",
}
URL = f"{ADDRESS}{path_of(PERSONS)}"


def get(place: Place, query: str, host: str = "bus") -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
    try:
        connection.request("GET", f"{path_of(PERSONS)}?{query}", headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type") or "", answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("query", ["wsdl", "WSDL"])
def test_the_plain_wsdl(place: Place, query: str) -> None:
    """One file, schemas inline, one SOAP 1.1 port."""
    status, media, text = get(place, query)
    assert status == 200
    assert "xml" in media
    root = etree.fromstring(text)
    assert [one.get("location") for one in root.iterfind(".//w:port/s11:address", WSDL)] == [URL]
    assert root.find(".//w:port/s12:address", WSDL) is None
    assert len(root.findall(".//w:port", WSDL)) == 1
    assert root.find(".//w:types/xs:schema/xs:element[@name='GetPerson']", WSDL) is not None
    assert not [one for one in root.iter("{*}import", "{*}include") if one.get("schemaLocation") or one.get("location")]
    assert place.provider.url.encode() not in text, "where the provider is, is nobody's business"


def test_the_wsdl_for_soap_12(place: Place) -> None:
    status, _, text = get(place, "wsdl&soap=1.2")
    assert status == 200
    root = etree.fromstring(text)
    assert [one.get("location") for one in root.iterfind(".//w:port/s12:address", WSDL)] == [URL]
    assert root.find(".//w:port/s11:address", WSDL) is None


def test_the_wsdl_with_its_policy(place: Place) -> None:
    status, _, text = get(place, "wsdl&policy")
    assert status == 200
    assert etree.fromstring(text).find(".//{http://www.w3.org/ns/ws-policy}Policy") is not None


@pytest.mark.parametrize("query", ["wsdl", "wsdl&soap=1.2", "wsdl&policy"])
def test_the_address_is_the_configurations(place: Place, query: str) -> None:
    """A Host header that lies changes nothing."""
    assert get(place, query) == get(place, query, host="evil.test:666")
    assert b"evil.test" not in get(place, query, host="evil.test")[2]


def test_a_schema_as_the_provider_wrote_it(place: Place) -> None:
    from support.place import CONTRACTS

    status, _, text = get(place, "xsd=person.xsd")
    assert status == 200
    written = etree.fromstring((CONTRACTS / "person.xsd").read_bytes())
    assert etree.tostring(etree.fromstring(text), method="c14n") == etree.tostring(written, method="c14n")


@pytest.mark.parametrize(
    "name",
    [
        "../esb.toml",
        "..%2Fesb.toml",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "person.xsd%00",
        "..\\esb.toml",
        "nothing.xsd",
        "",
    ],
)
def test_no_other_file_can_be_had(place: Place, name: str) -> None:
    status, _, text = get(place, f"xsd={name}")
    assert status == 404
    assert b"root:" not in text
    assert b"[bus]" not in text


def test_the_bundle_is_closed(place: Place) -> None:
    """Every import in it is relative and found in it."""
    status, media, octets = get(place, "bundle")
    assert (status, media) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(octets)) as bundle:
        names = set(bundle.namelist())
        assert not any(name.startswith("/") or ".." in name for name in names)
        roots = {name: etree.fromstring(bundle.read(name)) for name in names if name.endswith((".wsdl", ".xsd"))}
    assert roots
    import posixpath

    for name, root in roots.items():
        for one in root.iter("{*}import", "{*}include"):
            location = one.get("schemaLocation") or one.get("location")
            if location is not None:
                assert posixpath.normpath(posixpath.join(posixpath.dirname(name), location)) in names


@pytest.mark.parametrize("operation", ["GetPerson", "CountPersons", "NotePerson"])
def test_a_sample_of_each_request(place: Place, operation: str) -> None:
    status, _, text = get(place, f"sample={operation}")
    assert status == 200
    assert etree.fromstring(text).find(f".//{{urn:example:person}}{operation}") is not None


@pytest.mark.parametrize("query", ["sample=Nothing", "sample="])
def test_what_there_is_not(place: Place, query: str) -> None:
    assert get(place, query)[0] == 404
