"""References inside a bundle: one path for each file, and no way out."""

import pytest

from esb.wsdl.paths import below_root, is_web
from esb.wsdl.refuse import Forbidden


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("a/b.wsdl", "c.xsd", "a/c.xsd"),
        ("a/b.wsdl", "../c.xsd", "c.xsd"),
        ("a/b.wsdl", "./x/../c.xsd#frag", "a/c.xsd"),
        ("b.wsdl", "c.xsd?wsdl", "c.xsd"),
        ("a/b.wsdl", "..\\c.xsd", "c.xsd"),
        ("b.wsdl", "http://Host.example/x/./y.xsd?z", "host.example/x/y.xsd"),
    ],
)
def test_the_first_meaning(base: str, reference: str, expected: str) -> None:
    assert next(below_root(base, reference)) == expected


def test_other_meanings_follow() -> None:
    assert list(below_root("s.wsdl", "a%20b.xsd")) == ["a%20b.xsd", "a b.xsd"]
    assert "Service?xsd=1" in list(below_root("s.wsdl", "Service?xsd=1"))
    assert list(below_root("s.wsdl", "#x"))[-1:] == ["#x"]


@pytest.mark.parametrize(
    "reference",
    ["/etc/passwd", "//host/share", "\\\\host\\share\\a.xsd", "C:\\a.xsd", "c:/a.xsd", "file:///etc/passwd",
     "FILE:/etc/passwd", "%66ile:///etc/passwd", "%2Fetc%2Fpasswd", "../a.xsd", "a/../../a.xsd", "..%2fa.xsd",
     "%2e%2e/a.xsd", "..%5Ca.xsd", "..\\a.xsd",
     "ftp://host/a.xsd", "jar:file:/a!/b", "a.xsd%00.wsdl", "a\x00", "http://host/../../../x"],
)  # fmt: skip
def test_ways_out_are_closed(reference: str) -> None:
    with pytest.raises(Forbidden):
        list(below_root("s.wsdl", reference))


def test_what_is_on_the_web() -> None:
    assert is_web(" HTTPS://host/a")
    assert not is_web("httpx://host/a")
