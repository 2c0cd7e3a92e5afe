"""`esb snapshot`: the registry as a signed document, its key, and what a node makes of it."""

from pathlib import Path

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import block, confirm, json_option, say, say_json, yes_option

_KIND = click.option(
    "--kind", type=click.Choice(["ed25519", "p256", "p384"]), default="ed25519", show_default=True, help="Of the key."
)


@click.group()
def snapshot() -> None:
    """The registry as a signed document that other nodes follow.

    A bus publishes its registry at its door when snapshot.publish says so, and into a folder by hand.  A node with
    registry.source = "snapshot" routes and decides by it without the database, and refuses what is forged, stale, put
    back or cut.
    """


@snapshot.command()
@_KIND
@pass_place
def key(place: Place, kind: str) -> None:
    """Make the key that signs the registry, and its public half for the nodes that shall follow.

    \b
    Example:
      esb snapshot key
    """
    from esb.admin.snapshot import make_key, public_path
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    path = desk.settings.snapshot.key
    name = make_key(desk.engine, path, desk.passphrase, kind, author=desk.author, now=desk.now)
    say(f"Made the registry's key {path} ({kind}), encrypted, and its public half:")
    say(f"  {public_path(path)}")
    say(f"  key id {name}")
    say("Give the public half to each node that shall follow, by a way that it trusts, as its keys/registry.pub.")
    say('Next: set snapshot.publish = "members" and restart the bus, or run: esb snapshot publish --to FOLDER')


@snapshot.command()
@_KIND
@yes_option
@pass_place
def rotate(place: Place, kind: str, yes: bool) -> None:
    """Replace the key: the new one is announced, signed by the old, and nodes follow by themselves.

    A running bus of this home signs with the new key from its next timestamp on; other nodes that publish the same
    registry must be given the new key file before.

    \b
    Example:
      esb snapshot rotate
    """
    from esb.admin.snapshot import public_path, rotate_key
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    path = desk.settings.snapshot.key
    confirm("Replace the registry's key? Only what the new key signs is believed from then on.", yes)
    name, aside = rotate_key(desk.engine, path, desk.passphrase, kind, author=desk.author, now=desk.now)
    say(f"The registry is signed by key {name} from now on; the old one lies at {aside}.")
    say(f"New nodes are to be given {public_path(path)}; those that follow already need nothing.")


@snapshot.command()
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), help="Write it into this folder too.")
@json_option
@pass_place
def publish(place: Place, folder: Path | None, as_json: bool) -> None:
    """Publish the registry as it is now, and renew its timestamp.

    A bus whose snapshot.publish is on does so by itself.  The folder holds all that a node needs, contracts too: carry
    it where no connection leads, and name it there in snapshot.folder.

    \b
    Example:
      esb snapshot publish --to /srv/publication
    """
    import secrets

    from esb.admin.snapshot import export, open_sealer
    from esb.cli.desk import sit_down
    from esb.kernel.clock import SystemClock
    from esb.registry.publisher import Publisher

    desk = sit_down(place)
    own = desk.settings.snapshot
    sealer = open_sealer(own.key, desk.passphrase)
    publisher = Publisher(desk.engine, lambda: sealer, SystemClock(), own.expires_seconds, secrets.token_bytes)
    stamp = publisher.publish()
    contracts = None if folder is None else export(desk.engine, stamp, folder)
    facts = {"registry": stamp.registry, "version": stamp.version, "chain": stamp.chain, "expires": stamp.expires}
    if as_json:
        say_json({**facts, "contracts": contracts})
        return
    say(f"Published version {stamp.version}, to be believed for {own.expires_seconds:g} s.")
    if folder is not None:
        say(f"It stands in {folder}, with {contracts} contracts.")
        say(f"See what a node makes of it: esb snapshot show {folder}")


@snapshot.command()
@click.argument("where")
@click.option(
    "--key",
    "trusted",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The public key to trust.  [default: snapshot.trusted of the home]",
)
@json_option
@pass_place
def show(place: Place, where: str, trusted: Path | None, as_json: bool) -> None:
    """Take the publication WHERE (a folder or a URL) as a node would, verify all of it, and say what is in it.

    \b
    Examples:
      esb snapshot show /srv/publication
      esb snapshot show https://bus.gov.example/registry --key registry.pub
    """
    import time
    from tempfile import TemporaryDirectory

    from esb.certs.dsse import open_sealed
    from esb.certs.index import CertificateLoader
    from esb.kernel.clock import SystemClock
    from esb.registry.replica import Replica
    from esb.registry.replica_source import Door, Folder

    path = trusted or place.load().settings.snapshot.trusted
    source = Door(where, None, 10.0) if where.startswith(("http://", "https://")) else Folder(Path(where))
    loader = CertificateLoader()
    with TemporaryDirectory(prefix="shluz-show-") as kept:
        replica = Replica(
            source,
            Folder(Path(kept)),
            open_sealed,
            (path.read_text(encoding="ascii"),),
            lambda der, owner, use, revoked: loader.known(der, owner, use, None, revoked),
            loader.index,
            SystemClock(),
            grace=0.0,
        )
        began = time.perf_counter()
        directory = replica.poll()
        seconds = time.perf_counter() - began
    assert directory is not None
    assert replica.believed_until is not None
    facts = {
        "version": directory.version,
        "believed until": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(replica.believed_until)),
        "members": len(directory.members),
        "services": len(directory.services),
        "grants": sum(map(len, directory.grants.values())),
        "certificates": len(directory.certificates.by_sha256),
        "verified in": f"{seconds:.2f} s",
    }
    if as_json:
        say_json(facts)
        return
    say(block(facts.items()))
    if replica.believed_until < time.time():
        say("It has run out: a node would refuse to serve by it (BUS-05).")
