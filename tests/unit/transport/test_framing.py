import pytest

from esb.transport.framing import BadRequest, Head, check_unfinished, read_head


def head(lines: str, most: int = 100) -> Head:
    return read_head((lines.replace("\n", "\r\n") + "\r\n\r\n").encode("latin-1"), most)


def test_a_plain_request_is_read_to_its_parts() -> None:
    found = head('POST /services/A/B/C/v1?wsdl&x=1 HTTP/1.1\nHost: bus:8080\nSOAPAction: ""\nContent-Length: 12')
    assert (found.method, found.path, found.query) == ("POST", "/services/A/B/C/v1", "wsdl&x=1")
    assert found.headers == {b"host": b"bus:8080", b"soapaction": b'""', b"content-length": b"12"}
    assert found.length == 12
    assert found.keep_alive
    assert not found.http_1_0


def test_header_values_lose_their_outer_blanks_only() -> None:
    found = head("GET / HTTP/1.1\nHost: \t bus \t \nX:a  b\t\nY:\nZ:   ")
    assert found.headers == {b"host": b"bus", b"x": b"a  b", b"y": b"", b"z": b""}


def test_repeated_headers_are_joined_in_order() -> None:
    assert head("GET / HTTP/1.1\nHost: bus\nX: 1\nx: 2\nX: 3").headers[b"x"] == b"1, 2, 3"


def test_percent_and_dots_in_a_path_are_left_as_they_are() -> None:
    assert head("GET /a/../%2e%2e/%00//b HTTP/1.1\nHost: bus").path == "/a/../%2e%2e/%00//b"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("http://bus/a/b?c=d", "/a/b", "c=d"),
        ("https://bus:443/a", "/a", ""),
        ("http://bus", "/", ""),
        ("HTTP://bus?wsdl", "/", "wsdl"),
        ("/", "/", ""),
        ("//double/slash", "//double/slash", ""),
        ("/a?b?c", "/a", "b?c"),
    ],
)
def test_an_absolute_target_is_read_as_its_path(target: str, path: str, query: str) -> None:
    found = head(f"GET {target} HTTP/1.1\nHost: bus")
    assert (found.path, found.query) == (path, query)


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        ("1.1", None, True),
        ("1.1", "keep-alive", True),
        ("1.1", "close", False),
        ("1.1", "Close", False),
        ("1.1", "foo, close", False),
        ("1.1", "closed", True),
        ("1.1", "keep-alive, close", False),
        ("1.0", None, False),
        ("1.0", "Keep-Alive", True),
        ("1.0", "close", False),
        ("1.0", "keep-alive, close", False),
    ],
)
def test_the_connection_stays_when_both_versions_rules_let_it(version: str, connection: str | None, kept: bool) -> None:
    lines = f"GET / HTTP/{version}\nHost: bus" + (f"\nConnection: {connection}" if connection else "")
    assert head(lines).keep_alive is kept


def test_http_1_0_needs_no_host() -> None:
    assert head("GET / HTTP/1.0").http_1_0


@pytest.mark.parametrize("host", ["bus", "bus.gov.az:8080", "10.0.0.1", "[::1]:443", "a_b", "bus:"])
def test_lawful_hosts_are_taken(host: str) -> None:
    assert head(f"GET / HTTP/1.1\nHost: {host}").headers[b"host"] == host.encode()


@pytest.mark.parametrize(
    ("line", "length"), [("Content-Length: 0", 0), ("Transfer-Encoding: Chunked", None), ("X: 1", 0)]
)
def test_the_body_ends_where_exactly_one_header_says(line: str, length: int | None) -> None:
    assert head(f"POST / HTTP/1.1\nHost: bus\n{line}").length == length


def test_an_expectation_counts_in_http_1_1_only() -> None:
    assert head("POST / HTTP/1.1\nHost: bus\nExpect: 100-Continue\nContent-Length: 1").expects_continue
    assert not head("POST / HTTP/1.0\nExpect: 100-continue\nContent-Length: 1").expects_continue


@pytest.mark.parametrize(
    ("lines", "status", "says"),
    [
        ("POST / HTTP/1.1\nHost: bus\nContent-Length: 1\nTransfer-Encoding: chunked", 400, "never both"),
        ("POST / HTTP/1.1\nHost: bus\nContent-Length: x", 400, "decimal"),
        ("POST / HTTP/1.1\nContent-Length: 1", 400, "Host"),
        ("POST / HTTP/1.1\nHost: a\nHost: b", 400, "more than once"),
        ("POST / HTTP/1.1\nHost : a", 400, "header line"),
        ("POST / HTTP/1.1\nHost: bus\nTransfer-Encoding: gzip", 501, "chunked"),
        ("POST / HTTP/1.1\nHost: bus\nExpect: x", 417, "100-continue"),
        ("POST / HTTP/3.0\nHost: bus", 505, "HTTP/1.1"),
        ("BREW / HTTP/1.1\nHost: bus", 501, "method"),
        ("CONNECT bus:1 HTTP/1.1\nHost: bus", 501, "proxy"),
        ("rubbish", 400, "request line"),
    ],
)
def test_a_refusal_says_what_is_wrong(lines: str, status: int, says: str) -> None:
    with pytest.raises(BadRequest, match=says) as caught:
        head(lines)
    assert caught.value.status == status


def test_header_lines_are_counted() -> None:
    lines = "GET / HTTP/1.1\nHost: bus" + "\nX: 1" * 9
    assert head(lines, most=10)
    with pytest.raises(BadRequest) as caught:
        head(lines, most=9)
    assert caught.value.status == 431


@pytest.mark.parametrize("part", [b"GET / HTTP/1.1\r\nA: b\n", b"GET /\x00", b"A: b\rc", b"\x16\x03\x01", b"\n"])
def test_a_head_that_cannot_become_good_is_refused_before_its_end(part: bytes) -> None:
    with pytest.raises(BadRequest):
        check_unfinished(part, 0)


@pytest.mark.parametrize("part", [b"", b"GET / HT", b"GET / HTTP/1.1\r", b"GET / HTTP/1.1\r\nA:\tb\r\n\r"])
def test_an_unfinished_head_is_waited_for(part: bytes) -> None:
    check_unfinished(part, 0)
