"""Revocation lists of outside authorities: fetched on a schedule, verified, put into the folder, kept as evidence.

Only addresses that the settings name are asked, never one from a message or a certificate.  While an authority is away
the list that is there goes on until its nextUpdate and the grace are over (CRT-07).
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from sqlalchemy import Engine

from esb.admin.kept_lists import kept_list
from esb.admin.trust import read_trust
from esb.certs.crl import MAX_SIZE, CrlInvalid, load_crls
from esb.certs.download import FetchFailed, fetch
from esb.kernel.faults import EsbError
from esb.registry.leases import take_lease
from esb.registry.revocation import keep

SECONDS: Final = 10.0
"""How long one list may take."""

_LEASE: Final = 60.0  # seconds: for longer than one process works at it, it comes back with the next schedule


class ListFetcher:
    """Fetches lists.

    Args:
        urls: what the settings name; their hosts are those that may be asked.
        folder: where a serving bus finds lists; ``anchors`` the authorities that a list must be signed by.
        log: told of each list that changed, and of each that could not be had.
        holder: this node's name: of several processes one fetches at a time.
    """

    def __init__(self, urls: Sequence[str], folder: Path, anchors: Path, log: Any, holder: str) -> None:
        self._urls = tuple(urls)
        self._hosts = frozenset((urlsplit(url).hostname or "").lower() for url in urls)
        self._folder = folder
        self._anchors = anchors
        self._log = log
        self._holder = f"{holder}:{os.getpid()}"
        self._seen: dict[str, dict[str, str]] = {}

    def run(self, engine: Engine | None, now: float) -> int:
        """Fetch every list that changed; returns how many did.  Blocking.

        Args:
            engine: the registry's database, where lists are kept as evidence; None for a node without one.
            now: Unix seconds.
        """
        if engine is not None and not take_lease(engine, "revocation lists", self._holder, now, _LEASE):
            return 0
        changed = 0
        for url in self._urls:
            try:
                if self._fetch(url, engine, now):
                    self._log.info("a revocation list was fetched", url=url)
                    changed += 1
            except EsbError as error:
                self._log.warning("a revocation list could not be fetched", url=url, problem=str(error))
        return changed

    def _fetch(self, url: str, engine: Engine | None, now: float) -> bool:
        path = self._folder / f"fetched-{hashlib.sha256(url.encode()).hexdigest()[:16]}.crl"
        conditions = self._seen.get(url, {}) if path.exists() else {}
        fetched = fetch(url, self._hosts, most=MAX_SIZE, seconds=SECONDS, headers=conditions)
        if fetched.octets is None:
            return False
        crl = self._verified(fetched.octets, now)
        if path.exists() and path.read_bytes() != fetched.octets:
            before = _read(path.read_bytes())
            if before is not None and crl.last_update_utc < before.last_update_utc:
                raise CrlInvalid("it is older than the one that is there: somebody may replay an old one")
        news = not path.exists() or path.read_bytes() != fetched.octets
        if news:
            draft = path.with_name(f".{path.name}.new")
            draft.write_bytes(fetched.octets)
            os.replace(draft, path)
        if engine is not None:
            keep(engine, kept_list(crl, fetched.octets), now)
        named = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
        self._seen[url] = {ask: fetched.headers[name] for name, ask in named if name in fetched.headers}
        return news

    def _verified(self, octets: bytes, now: float) -> x509.CertificateRevocationList:
        anchors = read_trust(self._anchors, self._anchors / "no-lists", 0, now).anchors
        load_crls([octets], anchors, now, 0)
        crl = _read(octets)
        if crl is None:
            raise FetchFailed("it is not a revocation list in PEM or DER")
        return crl


def _read(octets: bytes) -> x509.CertificateRevocationList | None:
    try:
        pem = octets.lstrip()[:5] == b"-----"
        return x509.load_pem_x509_crl(octets) if pem else x509.load_der_x509_crl(octets)
    except ValueError:
        return None
