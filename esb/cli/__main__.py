"""``python -m esb.cli``: the command `esb` where its script is not on the path."""

from esb.cli.entry import run

run()
