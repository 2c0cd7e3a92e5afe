"""`esb log expire`, `esb log key-make`, `esb log key-rotate`: for how long messages are kept, and under which key."""

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_json, table, yes_option


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@json_option
@yes_option
@pass_place
def expire(place: Place, dry_run: bool, as_json: bool, yes: bool) -> None:
    """Destroy the keys of messages whose last day is past, and free their room.

    A serving bus does this by itself (evidence.expire_minutes); this is for a timer, or at once.  The act is on record
    before the first key is gone.  Records, their facts and digests, and every proof of them, stay.

    \b
    Examples:
      esb log expire --dry-run
      esb log expire --yes
    """
    from collections import Counter

    from esb.admin.expiry import due
    from esb.admin.expiry import expire as end
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    url = desk.settings.evidence.url
    waiting = Counter(key.until for key in due(url, desk.now))
    if dry_run:
        if as_json:
            say_json([{"until": until, "keys": count} for until, count in sorted(waiting.items())])
        else:
            say(table(("KEPT UNTIL", "KEYS"), sorted(waiting.items())) if waiting else "No day is past.")
        return
    if waiting:
        confirm(f"Destroy {sum(waiting.values())} keys of messages that were kept until {max(waiting)} at most?", yes)
    done = end(desk.engine, url, author=desk.author, now=desk.now)
    if as_json:
        say_json({"shredded": done.shredded, "freed": done.freed})
        return
    for until, count in done.shredded.items():
        say(f"Destroyed {count} keys of messages kept until {until}.")
    say(f"Freed {done.freed} rows of messages." if done.freed else "No row of messages was left to free.")
    if done.shredded:
        say("What backups still hold of these keys ends with the backups, or with the master key: esb log key-rotate")


@click.command(name="key-make")
@click.argument("where")
@pass_place
def key_make(place: Place, where: str) -> None:
    """Make a master key for messages at WHERE: a new file, or a PKCS #11 URI.

    It is an AES key of 256 bits.  In a file it is encrypted under the passphrase of the home's keys; in a device it
    never comes out.  Back a file up apart from the log: without the key no message that is sealed under it can be read.

    \b
    Examples:
      esb log key-make keys/bodies-2027.key
      esb log key-make "pkcs11:token=bus;object=bodies?module-name=softhsm2&pin-source=file:/etc/shluz/pin"
    """
    from esb.certs.master_key import make_master
    from esb.cli.desk import sit_down
    from esb.kernel.token_uri import SCHEME, parse_token_uri
    from esb.registry.acts import acting

    desk = sit_down(place)
    at = parse_token_uri(where) if where.startswith(SCHEME) else desk.home.path / where
    name = make_master(at, desk.passphrase).name
    with acting(desk.engine, desk.author, desk.now) as act:
        act.record("make", "master-key", name, {"place": str(at)})
    say(f"Made the master key {name} at {at}. Back it up apart from the log.")
    say(f'Next: set keys.body_key = "{where}", and keys.body_key_before to what it was; restart the bus;')
    say("then run: esb log key-rotate")


@click.command(name="key-rotate")
@json_option
@pass_place
def key_rotate(place: Place, as_json: bool) -> None:
    """Wrap every key of messages under the master key that keys.body_key names now.

    First make the new one (esb log key-make), name it in keys.body_key and the old one in keys.body_key_before, and
    restart the bus, which then knows both.  Messages themselves are not touched.  Once this says that nothing is under
    the old key any more it can go out of the settings, and be destroyed: then what backups hold of destroyed keys is
    worth nothing either.

    \b
    Example:
      esb log key-rotate
    """
    from esb.admin.body_key import open_masters, rewrap_all
    from esb.audit.store import open_data_keys
    from esb.cli.desk import sit_down
    from esb.keeping import key_places
    from esb.registry.acts import acting

    desk = sit_down(place)
    masters = open_masters(key_places(desk.settings), desk.passphrase)
    keys = open_data_keys(desk.settings.evidence.url)
    try:
        with acting(desk.engine, desk.author, desk.now) as act:
            before = [key.name for key in masters.before]
            act.record("rotate", "master-key", masters.name, {"before": before})
        done, foreign = rewrap_all(keys, masters)
    finally:
        keys.close()
    if as_json:
        say_json({"master": masters.name, "rewrapped": done, "under_others": foreign})
        return
    say(f"Wrapped {done} keys of messages anew, under the master key {masters.name}.")
    for name in foreign:
        say(f"Some are under the master key {name}, which is not at hand: name it in keys.body_key_before.")
    if before and not foreign:
        say(
            f"Nothing is under {', '.join(before)} any more. Once every bus was restarted with the new key and this was"
        )
        say("run again, empty keys.body_key_before and destroy the old key with every copy of it.")
