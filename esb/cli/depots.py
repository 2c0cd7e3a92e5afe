"""Where a command finds an archive: as it was said, else as the settings say."""

import click

from esb.vaults import depot_of, depots_of

__all__ = ["archive_option", "depot_of", "depots_of", "searched_archive_option"]

archive_option = click.option(
    "--archive", "archives", metavar="PLACE", multiple=True,
    help="Where packages of months that have left the log are: a folder, or s3://BUCKET/PREFIX; repeatable.  "
    "[default: archive.place of the settings]",
)  # fmt: skip

searched_archive_option = click.option(
    "--archive", "archives", metavar="PLACE", multiple=True,
    help="Look into months that have left the log too, in their packages: a folder, or s3://BUCKET/PREFIX; repeatable.",
)  # fmt: skip
