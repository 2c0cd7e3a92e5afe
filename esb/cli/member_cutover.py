"""`esb member cutover`: a member's next certificate takes over."""

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, say, yes_option


@click.command()
@click.argument("code")
@click.option("--use", type=click.Choice(["signing", "tls"]), default="signing", show_default=True)
@click.option("--abort", is_flag=True, help="Revoke the next certificate instead, and keep the current one.")
@click.option("--force", is_flag=True, help="Though the next certificate was not seen at work yet.")
@yes_option
@pass_place
def cutover(place: Place, code: str, use: str, abort: bool, force: bool, yes: bool) -> None:
    """Revoke a member's former certificate as superseded, once the next one was seen on the wire.

    \b
    Example:
      esb member cutover DIN
    """
    from esb.admin.member_renewal import cut_over_member, give_up_member
    from esb.cli.desk import sit_down
    from esb.kernel.directory import CertificateUse

    desk = sit_down(place)
    kind = CertificateUse(use)
    seconds = f"within {desk.settings.registry.poll_seconds:g} s"
    if abort:
        confirm(f"Revoke the next {use} certificate of {code}?", yes)
        gone = give_up_member(
            desk.home, desk.engine, desk.passphrase, code, kind, author=desk.author, now=desk.now, asked=desk.lists
        )
        say(f"Revoked the next one, {gone[:16]}…: running buses refuse it {seconds}, and the current one stays.")
        return
    confirm(f"Revoke the former {use} certificate of {code}?", yes)
    gone = cut_over_member(
        desk.home,
        desk.engine,
        desk.passphrase,
        code,
        kind,
        desk.settings.evidence.url,
        force=force,
        author=desk.author,
        now=desk.now,
        asked=desk.lists,
    )
    say(f"Cut over {code}: {gone[:16]}… is superseded, and running buses refuse it {seconds}.")
