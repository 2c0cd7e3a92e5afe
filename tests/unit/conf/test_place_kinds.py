"""Each kind of setting that says where something is: what it takes, what it refuses, what it shows."""

from pathlib import Path

import pytest

from esb.conf.kinds import Kind, Unfit
from esb.conf.place_kinds import ArchiveAt, BaseUrl, DatabaseUrl, FilePath, Host, Urls

HOME = Path("/srv/home")


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        (ArchiveAt(), "", ""),
        (ArchiveAt(), "archive", "/srv/home/archive"),
        (ArchiveAt(), "/media/archive", "/media/archive"),
        (ArchiveAt(), "s3://evidence/bus", "s3://evidence/bus"),
        (BaseUrl(optional=True), "", ""),
        (Host(), "::1", "::1"),
        (Host(), "bus.gov.example", "bus.gov.example"),
        (FilePath(), "keys/bus.key", Path("/srv/home/keys/bus.key")),
        (FilePath(), "/etc/bus.key", Path("/etc/bus.key")),
        (FilePath(optional=True), "", None),
        (BaseUrl(), "https://bus.gov.example/", "https://bus.gov.example"),
        (BaseUrl(), "http://[::1]:8080", "http://[::1]:8080"),
        (Urls(), ["https://a.example", "http://b.example:81/x/"], ("https://a.example", "http://b.example:81/x")),
        (Urls(), [], ()),
        (Host(optional=True), "", ""),
        (DatabaseUrl(), "sqlite:///registry.db", "sqlite:////srv/home/registry.db"),
        (DatabaseUrl(), "sqlite:////var/lib/r.db", "sqlite:////var/lib/r.db"),
        (DatabaseUrl(), "postgresql://u:p@db/bus", "postgresql://u:p@db/bus"),
        (DatabaseUrl("postgresql+psycopg"), "postgresql+psycopg://u@db/b", "postgresql+psycopg://u@db/b"),
        (DatabaseUrl("postgresql+psycopg"), "postgresql://u@db/b", "postgresql+psycopg://u@db/b"),
        (DatabaseUrl("postgresql"), "postgresql+psycopg://u@db/b", "postgresql://u@db/b"),
        (DatabaseUrl(), "postgresql:///bus?host=/run/pg", "postgresql:///bus?host=/run/pg"),
    ],
)
def test_takes(kind: Kind, value: object, result: object) -> None:
    taken = kind.read(value, HOME)
    assert taken == result
    assert type(taken) is type(result)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Host(), ""),
        (Host(), "1.2.3"),
        (Host(), "a..b"),
        (Host(), "x:80"),
        (FilePath(), ""),
        (FilePath(), "a\0b"),
        (FilePath(), 3),
        (ArchiveAt(), "a\nb"),
        (BaseUrl(), "bus.gov.example"),
        (BaseUrl(), "ftp://bus.gov.example"),
        (BaseUrl(), "https://"),
        (BaseUrl(), "https://u:p@bus.gov.example"),
        (BaseUrl(), "https://bus.gov.example/?x=1"),
        (BaseUrl(), "https://bus.gov.example/#"),
        (BaseUrl(), "https://bus.gov.example:99999"),
        (BaseUrl(), "https://[::1"),
        (BaseUrl(), "https://bus.gov.example/\r\nX: y"),
        (BaseUrl(), 'https://bus.gov.example/"><x'),
        (Urls(), "https://a.example"),
        (Urls(), [1]),
        (DatabaseUrl(), "sqlite://"),
        (DatabaseUrl(), "sqlite:///"),
        (DatabaseUrl(), "sqlite:///:memory:"),
        (DatabaseUrl(), "sqlite:///x.db?mode=ro"),
        (DatabaseUrl(), "mysql://u@db/bus"),
        (DatabaseUrl(), "postgresql://db"),
        (DatabaseUrl(), "\tpostgresql://u@db/b"),
        (DatabaseUrl(), "postgresql://[x/bus"),
    ],
)
def test_refuses(kind: Kind, value: object) -> None:
    with pytest.raises(Unfit):
        kind.read(value, HOME)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (" https://a.example, https://b.example ,", ["https://a.example", "https://b.example"]),
        ("", []),
    ],
)
def test_urls_in_the_environment_are_divided_by_commas(text: str, result: object) -> None:
    assert Urls().from_text(text) == result


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@db/bus", "postgresql://u:***@db/bus"),
        ("postgresql://u:p@ss:w/rd@db/bus", "postgresql://u:***@db/bus"),
        ("postgresql://u@db/bus?password=p&x=1", "postgresql://u@db/bus?password=***&x=1"),
        ("postgresql://u@db/bus?sslpassword=p", "postgresql://u@db/bus?sslpassword=***"),
        ("sqlite:////srv/home/r.db", "sqlite:////srv/home/r.db"),
    ],
)
def test_a_password_in_a_database_url_is_not_shown(url: str, shown: str) -> None:
    assert DatabaseUrl().shown(url) == shown
