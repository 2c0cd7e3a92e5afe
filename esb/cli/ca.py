"""`esb ca`: the home's own authority."""

import secrets

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, say, yes_option


@click.group()
def ca() -> None:
    """The home's own authority: it certifies members and says what it took back."""


@ca.command()
@click.option("--name", default="Şlüz CA", show_default=True, help="The authority's name, in its certificate.")
@click.option(
    "--key",
    "key_kind",
    type=click.Choice(["p256", "p384", "rsa3072", "rsa4096", "ed25519"]),
    default="p384",
    show_default=True,
    help="The kind of the authority's key.",
)
@click.option(
    "--bus-key",
    "bus_key_kind",
    type=click.Choice(["p256", "p384", "rsa2048", "rsa3072", "ed25519"]),
    default="p256",
    show_default=True,
    help="The kind of the bus's own key; RSA for consumers that sign by WS-SecurityPolicy (CXF, WCF).",
)
@click.option("--days", type=click.IntRange(2, 36500), default=3650, show_default=True, help="How long it is valid.")
@pass_place
def init(place: Place, name: str, key_kind: str, bus_key_kind: str, days: int) -> None:
    """Make the authority, and the bus's own signing key with a certificate of it.

    \b
    Example:
      esb ca init --name "Azərbaycan Şlüz CA"
    """
    from esb.admin.authority import Authority, init_authority
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    keys = desk.settings.keys
    certificate = init_authority(
        desk.home,
        desk.passphrase,
        name=name,
        key_kind=key_kind,
        days=days,
        bus_key=keys.signing_key,
        bus_certificate=keys.certificate,
        bus_name=desk.settings.bus.node,
        bus_key_kind=bus_key_kind,
        now=desk.now,
        random=secrets.token_bytes,
    )
    authority = Authority(desk.home)
    say(f"Made the authority {name!r}, valid until {certificate.not_valid_after_utc:%Y-%m-%d}:")
    say(f"  {authority.key}  its key, encrypted; back it up, apart from its passphrase")
    say(f"  {authority.certificate}  its certificate, an anchor of this bus")
    say(f"  {keys.signing_key}, {keys.certificate}  the bus's own key ({bus_key_kind}) and certificate")
    say("Next: esb member add CODE …, then esb member enrol CODE --csr FILE")


@ca.command()
@pass_place
def crl(place: Place) -> None:
    """Sign a fresh revocation list.  Run it at least weekly; `esb member revoke` does so by itself."""
    from esb.admin.authority import Authority, publish_crl
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    count = publish_crl(desk.home, desk.engine, desk.passphrase, desk.now)
    say(f"Signed {Authority(desk.home).crl}: {count} certificates are revoked.")


@ca.command()
@click.argument("sha256")
@click.option("--reason", default="unspecified", show_default=True, help="RFC 5280 reason, such as keyCompromise.")
@yes_option
@pass_place
def revoke(place: Place, sha256: str, reason: str, yes: bool) -> None:
    """Take a member's certificate back, named by its SHA-256 (`esb member show CODE` lists them).

    \b
    Example:
      esb ca revoke 3f…9a --reason keyCompromise
    """
    from esb.admin import authority
    from esb.cli.desk import sit_down
    from esb.registry.models import RevocationReason

    try:
        why = RevocationReason(reason)
    except ValueError:
        known = ", ".join(each.value for each in RevocationReason)
        raise click.BadParameter(f"choose one of {known}", param_hint="--reason") from None
    desk = sit_down(place)
    confirm(f"Revoke {sha256[:16]}… for good?", yes)
    authority.revoke(desk.home, desk.engine, desk.passphrase, sha256, why, author=desk.author, now=desk.now)
    say(f"Revoked. Running buses refuse it within {desk.settings.registry.poll_seconds:g} s.")
