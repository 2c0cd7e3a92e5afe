"""`esb ca responder`, `tsa` and `door`: keys and certificates by which the bus itself serves."""

import secrets
from typing import TYPE_CHECKING

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import say

if TYPE_CHECKING:
    from pathlib import Path

    from esb.certs.profiles import Profile
    from esb.cli.desk import Desk

_KINDS = click.Choice(["p256", "p384", "rsa2048", "rsa3072"])
_RESPONDER_DAYS = 30
_TSA_DAYS = 1825
_DOOR_DAYS = 397


def make_offices(desk: "Desk") -> None:
    """What `esb ca init` makes beside the authority, as far as the settings hold the offices."""
    ca = desk.settings.ca
    if ca.serve and ca.ocsp:
        _responder(desk, "p256", _RESPONDER_DAYS)
    if ca.serve and ca.tsa:
        _tsa(desk, "p256", _TSA_DAYS)


@click.command()
@click.option("--key", "kind", type=_KINDS, default="p256", show_default=True, help="The kind of its key.")
@click.option(
    "--days", type=click.IntRange(1, 90), default=_RESPONDER_DAYS, show_default=True, help="How long it lasts."
)
@pass_place
def responder(place: Place, kind: str, days: int) -> None:
    """Give the OCSP responder a new key and certificate.  Run it at least every three weeks.

    A running bus takes them up within its polling time.  The certificate is short-lived, because no one can be asked
    whether it is revoked.

    \b
    Example:
      esb ca responder
    """
    from esb.cli.desk import sit_down

    _responder(sit_down(place), kind, days)


@click.command()
@click.option("--key", "kind", type=_KINDS, default="p256", show_default=True, help="The kind of its key.")
@click.option("--days", type=click.IntRange(1, 1825), default=_TSA_DAYS, show_default=True, help="How long it lasts.")
@pass_place
def tsa(place: Place, kind: str, days: int) -> None:
    """Give the time-stamp authority a new key and certificate.

    A running bus takes them up within its polling time.  Stamps of the key before stay good while its certificate is.

    \b
    Example:
      esb ca tsa
    """
    from esb.cli.desk import sit_down

    _tsa(sit_down(place), kind, days)


@click.command()
@click.option("--host", "hosts", multiple=True, required=True, help="A host name of the door; may be given repeatedly.")
@click.option("--key", "kind", type=_KINDS, default="p256", show_default=True, help="The kind of its key.")
@click.option("--days", type=click.IntRange(1, 1825), default=_DOOR_DAYS, show_default=True, help="How long it lasts.")
@pass_place
def door(place: Place, hosts: tuple[str, ...], kind: str, days: int) -> None:
    """Give the bus's door a key and a TLS certificate of this authority.

    \b
    Example:
      esb ca door --host bus.gov.example
    """
    from esb.certs.profiles import DOOR_TLS
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    settings = desk.settings.door
    key = settings.tls_key or desk.home.keys / "door.key"
    certificate = settings.tls_certificate or desk.home.keys / "door.pem"
    _make(desk, DOOR_TLS, key, certificate, kind, days, hosts)
    say(f"Next: set door.tls, door.tls_key and door.tls_certificate in {desk.home.config}, and restart the bus.")


def _responder(desk: "Desk", kind: str, days: int) -> None:
    from esb.certs.profiles import OCSP_RESPONDER

    ca = desk.settings.ca
    _make(desk, OCSP_RESPONDER, ca.ocsp_key, ca.ocsp_certificate, kind, days)


def _tsa(desk: "Desk", kind: str, days: int) -> None:
    from esb.certs.profiles import TIME_STAMPING

    ca = desk.settings.ca
    _make(desk, TIME_STAMPING, ca.tsa_key, ca.tsa_certificate, kind, days)


def _make(
    desk: "Desk",
    profile: "Profile",
    key: "Path",
    certificate: "Path",
    kind: str,
    days: int,
    hosts: tuple[str, ...] = (),
) -> None:
    from esb.admin.offices import make_office

    made = make_office(
        desk.home,
        desk.engine,
        desk.passphrase,
        profile,
        key=key,
        certificate=certificate,
        name=desk.settings.bus.node,
        kind=kind,
        days=days,
        author=desk.author,
        now=desk.now,
        random=secrets.token_bytes,
        published=desk.published,
        hostnames=hosts,
    )
    until = f"until {made.not_valid_after_utc:%Y-%m-%d}"
    say(f"  {key}, {certificate}  the key ({kind}) and certificate of the {profile.name}, {until}")
