"""Fetching from a real server on this machine: what goes where, how much of it, and how far redirects lead."""

import contextlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from esb.kernel.clock import ManualClock
from esb.wsdl.addresses import AddressRules
from esb.wsdl.fetch import WebFetch, normal_url
from esb.wsdl.limits import ReadLimits
from esb.wsdl.read import read_contract
from esb.wsdl.refuse import ContractRefused, Forbidden, NotFound

LOCAL = AddressRules(allow_private=True)
LIMITS = ReadLimits()
Answers = dict[str, tuple[int, dict[str, str], bytes]]


class Site:
    """A web server whose answers a test writes."""

    def __init__(self) -> None:
        self.answers: Answers = {}
        self.asked: list[str] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                status, headers, body = site.answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def page(self, path: str, body: str) -> None:
        self.answers[path] = (200, {}, body.encode())

    def redirect(self, path: str, to: str) -> None:
        self.answers[path] = (302, {"Location": to}, b"")


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.server.shutdown()
    running.server.server_close()
    running.thread.join()


def test_a_contract_as_jaxws_and_dotnet_publish_it(site: Site, wsdl: Callable[..., str]) -> None:
    own = '<xs:element name="ask"/><xs:element name="answer"/><xs:element name="wrong"/>'
    schema = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t">{own}</xs:schema>'
    include = f'<xs:schema targetNamespace="urn:t"><xs:include schemaLocation="{site.url}/S.svc?xsd=xsd0"/></xs:schema>'
    site.page("/S.svc?wsdl", wsdl(types=include))
    site.page("/S.svc?xsd=xsd0", schema)
    contract = read_contract(f"{site.url}/S.svc?wsdl", WebFetch(rules=LOCAL))
    assert set(contract.documents) == {"S.wsdl", "S-xsd0.xsd", "S-types-1.xsd"}
    assert site.asked == ["/S.svc?wsdl", "/S.svc?xsd=xsd0"]


def test_loopback_is_not_fetched_from_unless_allowed(site: Site, wsdl: Callable[..., str]) -> None:
    site.page("/s", wsdl())
    with pytest.raises(ContractRefused, match="not a public address"):
        read_contract(f"{site.url}/s")
    assert site.asked == []


def test_redirects_within_the_host_and_the_base_after_them(site: Site) -> None:
    site.redirect("/old", "/new/s.wsdl")
    site.page("/new/s.wsdl", "x")
    assert WebFetch(rules=LOCAL)(f"{site.url}/old").url == f"{site.url}/new/s.wsdl"
    site.redirect("/loop", "/loop")
    with pytest.raises(Forbidden, match="redirects more than 5 times"):
        WebFetch(rules=LOCAL)(f"{site.url}/loop")


@pytest.mark.parametrize(
    "to", ["http://other.example/a", "file:///etc/passwd", "http://169.254.169.254/latest", "//[::1]/a"]
)
def test_redirects_to_elsewhere(site: Site, to: str) -> None:
    site.redirect("/a", to)
    with pytest.raises(Forbidden):
        WebFetch(rules=LOCAL)(f"{site.url}/a")


def test_another_port_of_the_host(site: Site) -> None:
    site.redirect("/a", "http://127.0.0.1:22/")
    with pytest.raises(Forbidden, match="another port"):
        WebFetch(rules=LOCAL)(f"{site.url}/a")


def test_a_host_named_beside_the_first_is_judged_by_its_address_too(site: Site) -> None:
    site.redirect("/a", "http://metadata.example/")
    fetch = WebFetch(
        rules=LOCAL,
        hosts=frozenset({"metadata.example"}),
        resolve=lambda host, port: ["169.254.169.254" if host == "metadata.example" else "127.0.0.1"],
    )
    with pytest.raises(Forbidden, match=r"169\.254\.169\.254"):
        fetch(f"{site.url}/a")


def test_a_name_is_resolved_once(site: Site) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    site.page("/a", "x")
    fetch = WebFetch(rules=LOCAL, resolve=lambda host, port: next(answers))
    url = site.url.replace("127.0.0.1", "rebinding.example") + "/a"
    assert (fetch(url).data, fetch(url).data) == (b"x", b"x")


def test_bounds(site: Site) -> None:
    site.page("/large", "x" * 101)
    with pytest.raises(Forbidden, match="larger than 100 bytes"):
        WebFetch(replace(LIMITS, document_bytes=100), LOCAL)(f"{site.url}/large")
    site.answers["/gzip"] = (200, {"Content-Encoding": "gzip"}, b"x")
    with pytest.raises(Forbidden, match="compressed"):
        WebFetch(rules=LOCAL)(f"{site.url}/gzip")
    with pytest.raises(NotFound, match="HTTP 404"):
        WebFetch(rules=LOCAL)(f"{site.url}/none")
    clock = ManualClock()
    fetch = WebFetch(rules=LOCAL, clock=clock)
    fetch(f"{site.url}/large")
    clock.advance(61)
    with pytest.raises(Forbidden, match="longer than 60 s"):
        fetch(f"{site.url}/large")


def test_half_a_document_is_none(site: Site) -> None:
    site.answers["/half"] = (200, {"Content-Length": "1000000"}, b"x")
    with pytest.raises(NotFound, match="ended before"):
        WebFetch(rules=LOCAL)(f"{site.url}/half")


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.0 200 OK\r\n\r\n<", b""])
def test_a_server_that_drips_for_ever_is_cut_off(start: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(start)
                while not stop.wait(0.02):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(Forbidden, match="took longer"):
            WebFetch(replace(LIMITS, seconds=0.2), LOCAL)(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Host.Example:80/a/../b#f", "http://host.example/b"),
        ("https://host.example:443", "https://host.example/"),
        ("http://host.example/a b/%7eX?q=a b", "http://host.example/a%20b/~X?q=a%20b"),
        ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
    ],
)
def test_one_spelling_for_one_url(url: str, expected: str) -> None:
    assert normal_url(url) == expected
    assert normal_url(normal_url(url)) == expected


@pytest.mark.parametrize(
    "url", ["ftp://h/a", "http:///a", "http://user:pw@h/a", "http://h/a\r\nX: y", "http://h:99999/", "http://[::1/"]
)
def test_what_is_not_fetched(url: str) -> None:
    with pytest.raises(Forbidden) as caught:
        normal_url(url)
    assert "pw" not in str(caught.value)
