"""When certificates end, and who is told ahead: sixty, thirty, seven days and one day before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import Engine

from esb.registry.acts import Act, acting
from esb.registry.certificates import list_certificates
from esb.registry.database import reading
from esb.registry.notices import OPERATOR, Topic, tell

AHEAD: Final = (60, 30, 7, 1)
"""Days before its end on which a certificate's end is announced."""

_DAY: Final = 86_400.0
_WARNED: Final = 7  # days: what /readyz warns of


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate and when it ends.

    Attributes:
        sha256: of its DER, in hexadecimal.
        owner: the member's code; "" where it is the bus's or an authority's.
        use: ``signing`` or ``tls`` of a registered one; else what the bus uses it for.
        since, until: Unix seconds.
        revoked: the reason, or None.
        file: where the operator finds it; "" where it is registered.
    """

    sha256: str
    owner: str
    use: str
    since: float
    until: float
    revoked: str | None = None
    file: str = ""

    def state(self, now: float) -> str:
        """In one or two words."""
        if self.revoked is not None:
            return f"revoked ({self.revoked})"
        return "ended" if self.until < now else "in force"


def registered(engine: Engine, owner: str | None = None) -> list[Ending]:
    """The registered certificates of one owner ("" for the bus) or of all, by their end."""
    with reading(engine) as session:
        found = [
            _ending(
                x509.load_der_x509_certificate(row.der),
                row.use.value,
                owner=row.owner or "",
                revoked=None if row.revoked is None else row.revoked.value,
            )
            for row in list_certificates(session, owner)
        ]
    return sorted(found, key=lambda each: (each.until, each.sha256))


def of_files(files: Mapping[str, Path | None]) -> list[Ending]:
    """The certificates that the bus itself stands on, by what each is for: its own, its door's, anchors, responders.

    Args:
        files: a PEM file or a folder of such by use; None and what is not there are passed over, and so is what is no
            certificate: whoever needs it says so.
    """
    found = []
    for use, place in files.items():
        for path in _files_of(place):
            try:
                certificates = x509.load_pem_x509_certificates(path.read_bytes())
            except (OSError, ValueError):
                continue
            found += [_ending(each, use, file=str(path)) for each in certificates]
    return found


def _ending(
    certificate: x509.Certificate, use: str, *, owner: str = "", revoked: str | None = None, file: str = ""
) -> Ending:
    since, until = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    return Ending(certificate.fingerprint(SHA256()).hex(), owner, use, since, until, revoked, file)


def _files_of(place: Path | None) -> Iterator[Path]:
    if place is None:
        return
    if place.is_dir():
        yield from sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith("."))
    elif place.is_file():
        yield place


def announce_certificate_endings(engine: Engine, files: Mapping[str, Path | None], author: str, now: float) -> int:
    """Tell owners and the operator of every certificate that ends within sixty days, once at each step.

    A step that was missed, because no bus ran, is not made up for: the nearest is told alone.  A step that comes within
    a day of the certificate's beginning is not told: who has just made one for thirty days knows.  Revoked certificates
    and those that another of the same owner and use outlives by more than the step are not told of.

    Args:
        files: what the bus itself stands on, as for :func:`of_files`.
        now: Unix seconds.

    Returns:
        How many notices were written.
    """
    known = registered(engine)
    latest: dict[tuple[str, str], float] = {}
    for each in known:
        if each.revoked is None:
            key = each.owner, each.use
            latest[key] = max(latest.get(key, 0.0), each.until)
    due = [(each, step) for each in known if (step := _step(each, now)) is not None and each.revoked is None]
    due = [(each, step) for each, step in due if latest[each.owner, each.use] <= each.until]
    due += [(each, step) for each in of_files(files) if (step := _step(each, now)) is not None]
    if not due:
        return 0
    with acting(engine, author, now) as act:
        return sum(_tell(act, each, step, now) for each, step in due)


def _step(ending: Ending, now: float) -> int | None:
    left, life = ending.until - now, ending.until - ending.since
    steps = [days for days in AHEAD if left <= days * _DAY <= life - _DAY]
    return min(steps) if steps and left > 0 else None


def _tell(act: Act, ending: Ending, step: int, now: float) -> int:
    facts = {
        "certificate": ending.sha256,
        "use": ending.use,
        "until": f"{datetime.fromtimestamp(ending.until, UTC):%Y-%m-%d %H:%M} UTC",
        "days": max(0, int((ending.until - now) // _DAY)),
    }
    if ending.file:
        facts["file"] = Path(ending.file).name
    to = [ending.owner, OPERATOR] if ending.owner else [OPERATOR]
    number = tell(
        act,
        Topic.CERTIFICATE_ENDING,
        f"certificate:{ending.sha256}",
        to,
        facts,
        once=f"certificate:{ending.sha256}:{step} days ahead",
    )
    return number is not None


def own_warning(files: Mapping[str, Path | None], now: float) -> str:
    """What /readyz warns of: a certificate that the bus stands on ends within seven days; "" otherwise."""
    near = [each for each in of_files(files) if each.until - now <= _WARNED * _DAY]
    said = []
    for each in sorted(near, key=lambda one: one.until):
        left = (each.until - now) / _DAY
        when = f"ends in {left:.1f} days" if left > 0 else "has ended"
        said.append(f"{each.use} {when}: {Path(each.file).name}")
    return "; ".join(said)
