"""`esb key`: private keys, in encrypted files or in a device (PKCS #11)."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import json_option, say, say_json, table

if TYPE_CHECKING:
    from esb.kernel.token_uri import KeyPlace


@click.group()
def key() -> None:
    """Private keys: in encrypted files, or in a device (PKCS #11).

    A key in a device is named by its URI (RFC 7512).  Its PIN stands in the file that pin-source= names, or it is the
    passphrase of the home's keys; it is never given on the command line.
    """


def _place_of(text: str) -> "KeyPlace":
    from esb.kernel.token_uri import SCHEME, parse_token_uri

    return parse_token_uri(text) if text.startswith(SCHEME) else Path(text).absolute()


@key.command()
@click.argument("where", metavar="FILE|pkcs11:…")
@click.option(
    "--kind",
    type=click.Choice(["p256", "p384", "rsa2048", "rsa3072", "rsa4096", "ed25519"]),
    default="p256",
    show_default=True,
    help="The kind of key; ed25519 in a file alone.",
)
@click.option(
    "--pointer", type=click.Path(path_type=Path), help="Write a key file that stands for the key in a device."
)
@pass_place
def make(place: Place, where: str, kind: str, pointer: Path | None) -> None:
    """Make a key: in a new file, encrypted under the passphrase of the home's keys, or inside a device.

    \b
    Examples:
      esb key make keys/agency.key
      esb key make "pkcs11:token=bus;object=signing?module-name=softhsm2&pin-source=file:/etc/shluz/pin"
    """
    from esb.admin.own_keys import make_recorded
    from esb.certs.keys import point_key
    from esb.cli.desk import sit_down
    from esb.kernel.token_uri import TokenUri

    at = _place_of(where)
    if pointer is not None and not isinstance(at, TokenUri):
        raise click.UsageError("--pointer is for a key in a device: a file needs none.")
    desk = sit_down(place)
    made = make_recorded(desk.engine, at, kind, desk.passphrase, author=desk.author, now=desk.now)
    say(f"Made a key ({kind}) at {at}")
    say(f"  its public half has the SHA-256 {made}")
    if pointer is not None and isinstance(at, TokenUri):
        point_key(at, pointer)
        say(f"  {pointer} stands for it wherever a key file is taken")
    say(f"Next: esb key csr '{where}' --name NAME --out FILE, or name it in {desk.home.config} as keys.signing_key")


@key.command(name="list")
@click.argument("uris", nargs=-1, metavar="[pkcs11:…]")
@json_option
@pass_place
def list_(place: Place, uris: tuple[str, ...], as_json: bool) -> None:
    """List the keys that this home uses: its own, the authority's, hosted ones; and those of the tokens named.

    \b
    Example:
      esb key list "pkcs11:token=bus;object=any?module-name=softhsm2&pin-source=file:/etc/shluz/pin"
    """
    from esb.admin.own_keys import keys_of_home
    from esb.cli.desk import sit_down
    from esb.kernel.token_uri import parse_token_uri

    desk = sit_down(place)
    rows = list(keys_of_home(desk.home, desk.settings.keys.signing_key, desk.settings.keys.second_signing_key))
    if uris:
        from esb.certs.token_key import list_token_keys

        for text in uris:
            uri = parse_token_uri(text)
            token = uri.token or uri.serial or f"slot {uri.slot}"
            rows += [
                (f"in token {token}", f"object={label};id={ident}", kind)
                for label, ident, kind in list_token_keys(uri, desk.passphrase)
            ]
    if as_json:
        say_json([dict(zip(("use", "place", "kind"), row, strict=True)) for row in rows])
    else:
        say(table(("USE", "PLACE", "KIND"), rows) if rows else "There are no keys yet: esb ca init, or esb key make …")


@key.command()
@click.argument("where", metavar="FILE|pkcs11:…")
@click.option("--name", required=True, help="The common name (CN) that the request wishes for.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the request here; else it is printed.")
@pass_place
def csr(place: Place, where: str, name: str, out: Path | None) -> None:
    """Make a request (PKCS #10) for an outside authority, signed with the key, which stays where it is.

    \b
    Example:
      esb key csr keys/bus.key --name bus.gov.az --out bus.csr
    """
    from esb.admin.authority import write_new
    from esb.admin.own_keys import request_for
    from esb.cli.desk import sit_down

    pem = request_for(_place_of(where), name, sit_down(place).passphrase)
    if out is None:
        click.echo(pem.decode(), nl=False)
        return
    write_new(out, pem)
    say(f"Wrote {out}.  Give it to the authority, and put the certificate that it issues where the settings name it.")
