"""Packages in an object store that speaks S3: four kinds of request, signed with AWS Signature Version 4.

Without a library: the ones that there are bring more code than the bus has, for the sake of services that nobody asks
here.  Objects are addressed by path (``https://host/bucket/key``), which every such store understands.

Source: "AWS Signature Version 4 for API requests", and the S3 API reference: PutObject, GetObject, ListObjectsV2.
"""

import hashlib
import hmac
import http.client
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from esb.audit.depot import PIECE, DepotUnavailable, digest_of
from esb.kernel.faults import Refusal
from esb.kernel.xml import XmlLimits, parse_message

SCHEME: Final = "s3://"
_EMPTY: Final = hashlib.sha256(b"").hexdigest()
_SECONDS: Final = 60.0  # without a word
_PAUSES: Final = (0.5, 2.0)  # before what may have failed by chance is tried again
_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_LIST: Final = XmlLimits(
    max_bytes=16 << 20, max_elements=100_000, max_attributes=1_000, max_namespaces=100, max_depth=20
)
_REASONS: Final = {
    301: "the bucket is in another region: set archive.region",
    307: "the bucket is at another address: set archive.endpoint",
    403: "it does not let us: check archive.access_key, the secret, the region, and this machine's clock",
    404: "there is no such bucket: make it first",
}

_Read = Callable[[http.client.HTTPResponse], None]


@dataclass(frozen=True, slots=True)
class S3Access:
    """How a store is reached.

    Attributes:
        endpoint: ``https://host[:port]``; plain ``http`` only where nobody can listen.
        region: as the store calls it.
        access_key, secret: who asks.
        anchors: PEM of the authorities that the store's certificate is judged by; None for the machine's.
    """

    endpoint: str
    region: str
    access_key: str
    secret: str = field(repr=False)
    anchors: Path | None = None


def split_place(place: str) -> tuple[str, str]:
    """Bucket and prefix of ``s3://BUCKET[/PREFIX]``; the bucket is "" where it is not of that form."""
    bucket, _, prefix = place.removeprefix(SCHEME).partition("/")
    return bucket, prefix.strip("/")


@dataclass(frozen=True, slots=True)
class S3Depot:
    """A :class:`~esb.audit.depot.Depot` below a prefix of a bucket.

    Args:
        access: of the store.
        bucket: it must be there.
        prefix: without slashes at its ends; may be empty.
        clock: Unix seconds.
    """

    access: S3Access
    bucket: str
    prefix: str
    clock: Callable[[], float] = time.time

    @property
    def place(self) -> str:
        """See :class:`~esb.audit.depot.Depot`."""
        return SCHEME + "/".join(part for part in (self.bucket, self.prefix) if part)

    def packages(self) -> list[str]:
        """See :class:`~esb.audit.depot.Depot`."""
        prefix = f"{self.prefix}/" if self.prefix else ""
        return sorted(
            facts["Prefix"].removeprefix(prefix).rstrip("/")
            for name, facts in self._list(prefix, "/")
            if name == "CommonPrefixes"
        )

    def members(self, package: str) -> dict[str, int]:
        """See :class:`~esb.audit.depot.Depot`."""
        prefix = self._key(package, "")
        found = {
            facts["Key"].removeprefix(prefix): int(facts["Size"])
            for name, facts in self._list(prefix, "/")
            if name == "Contents"
        }
        return dict(sorted(found.items()))

    def put(self, package: str, name: str, source: Path) -> None:
        """See :class:`~esb.audit.depot.Depot`.  A store keeps an object whole or not at all."""
        self._ask("PUT", self._key(package, name), lambda _: None, source=source)

    def fetch(self, package: str, name: str, folder: Path) -> Path | None:
        """See :class:`~esb.audit.depot.Depot`."""
        path = folder / name

        def keep(response: http.client.HTTPResponse) -> None:
            with open(path, "wb") as file:
                while piece := response.read(PIECE):
                    file.write(piece)

        there = self._ask("GET", self._key(package, name), keep, may_lack=True)
        return path if there else None

    def _key(self, package: str, name: str) -> str:
        return "/".join(part for part in (self.prefix, package) if part) + f"/{name}"

    def _list(self, prefix: str, delimiter: str) -> Iterator[tuple[str, dict[str, str]]]:
        """What a listing names, page by page: the element's name, and the texts in it by theirs."""
        token = ""
        while True:
            query = {"list-type": "2", "prefix": prefix, "delimiter": delimiter}
            octets = bytearray()

            def keep(response: http.client.HTTPResponse, octets: bytearray = octets) -> None:
                octets += response.read(_LIST.max_bytes + 1)

            self._ask("GET", "", keep, query | ({"continuation-token": token} if token else {}))
            try:
                root = parse_message(bytes(octets), _LIST)
            except Refusal as error:
                raise DepotUnavailable(f"{self.place} answered with something else than a list of objects") from error
            token = ""
            for one in root:
                name = _local(str(one.tag))
                if name == "NextContinuationToken":
                    token = one.text or ""
                yield name, {_local(str(part.tag)): part.text or "" for part in one}
            if not token:
                return

    def _ask(
        self,
        method: str,
        key: str,
        read: _Read,
        query: Mapping[str, str] | None = None,
        source: Path | None = None,
        *,
        may_lack: bool = False,
    ) -> bool:
        """Send one request, again where it failed by chance; whether what it asks for is there.

        Raises:
            DepotUnavailable: it failed; the text says what to look at.
        """
        sha256 = _EMPTY if source is None else digest_of(source)
        for pause in (*_PAUSES, None):
            try:
                status = self._once(method, key, query or {}, source, sha256, read)
                if 200 <= status < 300:
                    return True
                if status == 404 and may_lack:
                    return False
                problem = _REASONS.get(status, f"it answered with HTTP status {status}")
                passing = status in _PASSING
            except ssl.SSLCertVerificationError:
                problem, passing = "its certificate is not one of those trusted: set archive.anchors", False
            except (OSError, http.client.HTTPException) as error:
                problem, passing = f"it cannot be reached ({type(error).__name__})", True
            if pause is None or not passing:
                raise DepotUnavailable(f"the object store of {self.place} failed: {problem}")
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _once(
        self, method: str, key: str, query: Mapping[str, str], source: Path | None, sha256: str, read: _Read
    ) -> int:
        parts = urlsplit(self.access.endpoint)
        path = quote(f"{parts.path.rstrip('/')}/{self.bucket}" + (f"/{key}" if key else ""), safe="-_.~/")
        headers = signed_headers(self.access, method, parts.netloc, path, query, sha256, self.clock())
        target = path + (f"?{canonical_query(query)}" if query else "")
        with closing(self._connection(parts.scheme, parts.hostname or "", parts.port)) as connection:
            if source is None:
                connection.request(method, target, headers=headers)
            else:
                headers["content-length"] = str(source.stat().st_size)
                with open(source, "rb") as body:
                    connection.request(method, target, body, headers)
            response = connection.getresponse()
            if 200 <= response.status < 300:
                read(response)
            return response.status

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_SECONDS)
        context = ssl.create_default_context(cafile=self.access.anchors)
        return http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)


def signed_headers(
    access: S3Access, method: str, host: str, path: str, query: Mapping[str, str], sha256: str, now: float
) -> dict[str, str]:
    """The headers of a request, its signature among them.

    Args:
        path: encoded as it is sent.
        sha256: of the body, hex.
        now: Unix seconds.
    """
    moment = f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
    headers = {"host": host, "x-amz-content-sha256": sha256, "x-amz-date": moment}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join((method, path, canonical_query(query), lines, names, sha256))
    scope = f"{moment[:8]}/{access.region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{access.secret}".encode()
    for part in (moment[:8], access.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def canonical_query(query: Mapping[str, str]) -> str:
    """A query in the one form that is signed, which is also the one that is sent."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
