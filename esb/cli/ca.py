"""`esb ca`: the home's own authority."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from esb.cli.ca_offices import door, make_offices, responder, tsa
from esb.cli.ca_renewal import begin, cutover, renewal, second_option
from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.cli.desk import Desk

_ISSUED: Final = ("sha256", "profile", "owner", "until", "standing", "requester")
_RSA: Final = click.Choice(["rsa2048", "rsa3072", "rsa4096"])


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
    help="The kind of the bus's own key.",
)
@click.option(
    "--second-bus-key",
    "second_kind",
    type=_RSA,
    help="Make the bus a second, RSA key too, for consumers that verify nothing else (see esb ca second-key).",
)
@click.option(
    "--key-at",
    metavar="pkcs11:…",
    help="Where in a device the authority's key lies, or shall be made; else it is a file in the home.",
)
@click.option("--days", type=click.IntRange(2, 36500), default=3650, show_default=True, help="How long it is valid.")
@pass_place
def init(
    place: Place,
    name: str,
    key_kind: str,
    bus_key_kind: str,
    second_kind: str | None,
    key_at: str | None,
    days: int,
) -> None:
    """Make the authority, and the bus's own signing key with a certificate of it.

    \b
    Example:
      esb ca init --name "Azərbaycan Şlüz CA"
    """
    from esb.admin.authority import Authority, init_authority
    from esb.admin.lists import publish_crl
    from esb.cli.desk import sit_down
    from esb.kernel.token_uri import parse_token_uri

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
        published=desk.published,
        key_at=None if key_at is None else parse_token_uri(key_at),
    )
    publish_crl(desk.home, desk.engine, desk.passphrase, desk.now, author=desk.author, asked=desk.lists)
    authority = Authority(desk.home)
    kept = "its key, encrypted; back it up, apart from its passphrase"
    if key_at is not None:
        kept = "says where in the device its key is"
    say(f"Made the authority {name!r}, valid until {certificate.not_valid_after_utc:%Y-%m-%d}:")
    say(f"  {authority.key}  {kept}")
    say(f"  {authority.certificate}  its certificate, an anchor of this bus")
    say(f"  {keys.signing_key}, {keys.certificate}  the bus's own key ({bus_key_kind}) and certificate")
    _tell(keys.certificate)
    make_offices(desk)
    if second_kind is not None:
        _make_second(desk, second_kind)
    say("Give consumers the bus's certificate: they verify answers with it.")
    say("Next: esb member add CODE …, then esb member enrol CODE --csr FILE")


for _command in (responder, tsa, door, renewal, cutover):
    ca.add_command(_command)


@ca.command("second-key")
@click.option("--kind", type=_RSA, default="rsa2048", show_default=True, help="The kind of the key.")
@pass_place
def second_key(place: Place, kind: str) -> None:
    """Make the bus a second signing key, of RSA, for requests that are signed with RSA.

    Some software verifies RSA signatures only (Metro, CXF by policy, .NET's SignedXml, gSOAP).  With a second key such
    consumers are answered with it, and everybody else with the first.

    \b
    Example:
      esb ca second-key
    """
    from esb.cli.desk import sit_down

    _make_second(sit_down(place), kind)


@ca.command()
@click.option(
    "--next", "following", is_flag=True, help="Make a next key beside the current one, to be rehearsed first."
)
@click.option(
    "--key-kind",
    type=click.Choice(["p256", "p384", "rsa2048", "rsa3072", "ed25519"]),
    help="The kind of the next key; p256 without it, rsa2048 for the second key.",
)
@second_option
@pass_place
def renew(place: Place, following: bool, key_kind: str | None, second: bool) -> None:
    """Give the bus's own signing keys new certificates, in the place of those they have; or a next key.

    Without --next the keys stay, and a running bus takes the certificates up within its polling time: consumers who
    compare the certificate with the one they were given need the new one before.  With --next a new key is made and
    certified beside the current one; running buses rehearse it on live answers until `esb ca cutover`.

    \b
    Examples:
      esb ca renew
      esb ca renew --next
    """
    from esb.admin.authority import renew_bus_certificate
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    if following:
        begin(desk, key_kind or ("rsa2048" if second else "p256"), second)
        return
    if key_kind is not None or second:
        raise click.UsageError("--key-kind and --second go with --next.")
    keys = desk.settings.keys
    for key, path in ((keys.signing_key, keys.certificate), (keys.second_signing_key, keys.second_certificate)):
        if key is not None and path is not None:
            renew_bus_certificate(
                desk.home,
                desk.passphrase,
                key=key,
                certificate=path,
                name=desk.settings.bus.node,
                now=desk.now,
                random=secrets.token_bytes,
                published=desk.published,
            )
            say(f"Renewed {path}:")
            _tell(path)
    say(f"Running buses take them up within {desk.settings.registry.poll_seconds:g} s: give them to consumers now.")


def _make_second(desk: "Desk", kind: str) -> None:
    """Make the second key where the settings say, else beside the first; and tell what is to be set."""
    from esb.admin.authority import add_bus_key

    keys = desk.settings.keys
    key = keys.second_signing_key or desk.home.keys / "bus-rsa.key"
    path = keys.second_certificate or desk.home.keys / "bus-rsa.pem"
    add_bus_key(
        desk.home,
        desk.passphrase,
        key=key,
        certificate=path,
        name=desk.settings.bus.node,
        kind=kind,
        now=desk.now,
        random=secrets.token_bytes,
        published=desk.published,
    )
    say("Made a second key of the bus, with whose certificate those verify answers who sign with RSA:")
    say(f"  {key}, {path}  the key ({kind}) and its certificate")
    _tell(path)
    if keys.second_signing_key is None:
        say(f"To use it, write into {desk.home.config}, and restart the bus or send the supervisor SIGHUP:")
        say("  [keys]")
        for name, file in (("second_signing_key", desk.home.keys / "bus-rsa.key"), ("second_certificate", path)):
            say(f'  {name} = "{file.relative_to(desk.home.path)}"')


def _tell(certificate: Path) -> None:
    """What a consumer compares a certificate of the bus by."""
    from esb.admin.authority import fingerprint

    digest, end = fingerprint(certificate)
    say(f"    sha256 {digest}, valid until {end:%Y-%m-%d}")


@ca.command()
@click.option("--delta", is_flag=True, help="Only what changed since the complete list: small, so it can come often.")
@pass_place
def crl(place: Place, delta: bool) -> None:
    """Sign a fresh revocation list.  Run it at least weekly; `esb ca revoke` does so by itself.

    A complete list is followed by a delta list that goes with it; a running bus publishes both at /ca/ca.crl and
    /ca/delta.crl, and goes by them itself.

    \b
    Examples:
      esb ca crl
      esb ca crl --delta          hourly, where relying parties read delta lists
    """
    from esb.admin.authority import Authority
    from esb.admin.lists import publish_crl, publish_delta
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    authority = Authority(desk.home)
    publish = publish_delta if delta else publish_crl
    count = publish(desk.home, desk.engine, desk.passphrase, desk.now, author=desk.author, asked=desk.lists)
    if delta:
        say(f"Signed {authority.delta}: {count} changes since the complete list.")
    else:
        say(f"Signed {authority.crl}: {count} certificates are revoked.")


@ca.command()
@click.argument("sha256")
@click.option("--reason", default="unspecified", show_default=True, help="RFC 5280 reason, such as keyCompromise.")
@yes_option
@pass_place
def revoke(place: Place, sha256: str, reason: str, yes: bool) -> None:
    """Take a certificate back for good, named by its SHA-256 (`esb ca issued` and `esb member show CODE` list them).

    \b
    Example:
      esb ca revoke 3f…9a --reason keyCompromise
    """
    from esb.admin import lists
    from esb.cli.desk import sit_down
    from esb.registry.models import RevocationReason

    try:
        why = RevocationReason(reason)
    except ValueError:
        known = ", ".join(each.value for each in RevocationReason)
        raise click.BadParameter(f"choose one of {known}", param_hint="--reason") from None
    desk = sit_down(place)
    confirm(f"Revoke {sha256[:16]}… for good?", yes)
    lists.revoke(
        desk.home, desk.engine, desk.passphrase, sha256, why, author=desk.author, now=desk.now, asked=desk.lists
    )
    say(f"Revoked. Running buses refuse it within {desk.settings.registry.poll_seconds:g} s.")


@ca.command()
@click.argument("sha256")
@yes_option
@pass_place
def hold(place: Place, sha256: str, yes: bool) -> None:
    """Let a certificate not count until it is released: while it is not yet known whether its key was lost.

    \b
    Example:
      esb ca hold 3f…9a
    """
    from esb.admin import lists
    from esb.cli.desk import sit_down
    from esb.registry.models import RevocationReason

    desk = sit_down(place)
    confirm(f"Put {sha256[:16]}… on hold? What it signs is refused until it is released.", yes)
    lists.revoke(
        desk.home,
        desk.engine,
        desk.passphrase,
        sha256,
        RevocationReason.CERTIFICATE_HOLD,
        author=desk.author,
        now=desk.now,
        asked=desk.lists,
    )
    say(f"On hold. Running buses refuse it within {desk.settings.registry.poll_seconds:g} s.")
    say(f"Next: esb ca release {sha256[:16]}…, or for good: esb ca revoke {sha256[:16]}… --reason keyCompromise")


@ca.command()
@click.argument("sha256")
@yes_option
@pass_place
def release(place: Place, sha256: str, yes: bool) -> None:
    """Lift a hold: the certificate counts again, and the delta list says so.

    \b
    Example:
      esb ca release 3f…9a
    """
    from esb.admin import lists
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    confirm(f"Let {sha256[:16]}… count again?", yes)
    lists.release(desk.home, desk.engine, desk.passphrase, sha256, author=desk.author, now=desk.now, asked=desk.lists)
    say(f"Released. Running buses take it again within {desk.settings.registry.poll_seconds:g} s.")


@ca.command()
@click.option("--revoked", is_flag=True, help="Only those that are revoked or on hold.")
@json_option
@pass_place
def issued(place: Place, revoked: bool, as_json: bool) -> None:
    """List what this authority issued.

    \b
    Example:
      esb ca issued --revoked
    """
    from datetime import UTC, datetime

    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.issued import list_issued

    desk = sit_down(place)
    with reading(desk.engine) as session:
        rows = [row for row in list_issued(session) if row.revoked is not None or not revoked]
    facts = [
        {
            "sha256": row.sha256,
            "serial": row.serial,
            "profile": row.profile,
            "owner": row.owner or "",
            "subject": row.subject,
            "until": f"{datetime.fromtimestamp(row.not_after, UTC):%Y-%m-%d}",
            "standing": row.revoked.value if row.revoked else "ended" if row.not_after < desk.now else "good",
            "requester": row.requester,
        }
        for row in rows
    ]
    if as_json:
        say_json(facts)
        return
    shown = [(one["sha256"][:16] + "…", *(one[key] for key in _ISSUED[1:])) for one in facts]
    say(
        table([name.upper() for name in _ISSUED], shown) if shown else "Nothing was issued yet: esb member enrol CODE …"
    )
