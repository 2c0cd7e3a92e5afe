"""`esb init`: make a home."""

from pathlib import Path

import click

from esb.cli.place import Place, pass_place


@click.command()
@click.argument("home", required=False, type=click.Path(path_type=Path))
@pass_place
def init(place: Place, home: Path | None) -> None:
    """Make a home: the folder that holds one bus.

    HOME is a new or empty folder; without it, the one that --home or SHLUZ_HOME names.  It gets a file of settings
    (esb.toml), folders for keys, anchors and revocation lists, and a fresh passphrase for the keys, unless
    SHLUZ_KEYS_PASSPHRASE is set; everything is closed to other users.

    \b
    Examples:
      esb init                        in ./shluz-home
      esb init /srv/shluz
      SHLUZ_KEYS_PASSPHRASE=… esb init /srv/shluz
    """
    import secrets
    import shlex

    from esb.admin.body_key import make_body_key
    from esb.admin.home import make_home
    from esb.admin.subject_keys import make_first_key
    from esb.cli.show import say

    from_environment = place.environ.get("SHLUZ_KEYS_PASSPHRASE") or None
    passphrase = from_environment or secrets.token_urlsafe(32)
    made = make_home(home or place.home, None if from_environment else passphrase)
    make_first_key(made.keys / "subjects", passphrase.encode())
    make_body_key(made.keys / "bodies.key", passphrase.encode())
    say(f"Made the home {made.path}, closed to other users:")
    say("  esb.toml         the settings; `esb config default` explains every key")
    if from_environment:
        say("  keys/            private keys and certificates; the passphrase stays in SHLUZ_KEYS_PASSPHRASE")
    else:
        say("  keys/            private keys and certificates")
        say("  keys/passphrase  a fresh passphrase that encrypts them: back it up, apart from the keys")
    say("  keys/subjects/   the key of persons' pseudonyms in records: back it up for as long as the records")
    say("  keys/bodies.key  the master key of recorded messages: back it up apart from the log: without it none opens")
    say("  anchors/         certificates of the authorities that are believed")
    say("  crl/             their revocation lists")
    say(f"Next: look through {made.config}, then run: esb --home {shlex.quote(str(made.path))} config check")
