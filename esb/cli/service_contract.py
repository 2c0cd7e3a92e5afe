"""`esb service compare|upgrade|history|sunset`: a service's contract in time, and its end."""

import click

from esb.cli.contract import read_wsdl, say_changes, show_report
from esb.cli.moment import MOMENT, moment_text
from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_json, table, yes_option


@click.command()
@click.argument("name")
@click.option("--wsdl", required=True, help="The new WSDL 1.1: a file, a folder's file, a zip, or a URL.")
@click.option("--main", "main_path", default="", help="Path of the WSDL inside a folder or zip that holds several.")
@click.option("--port-type", default="", help="Which port type to serve, where the WSDL has several.")
@click.option("--allow-private", is_flag=True, help="A WSDL's URL may be on a private or loopback address.")
@json_option
@pass_place
@click.pass_context
def compare(
    ctx: click.Context,
    place: Place,
    name: str,
    wsdl: str,
    main_path: str,
    port_type: str,
    allow_private: bool,
    as_json: bool,
) -> None:
    """Compare a WSDL with the contract that a service stands on; nothing is changed.

    Exit code: 0 when the service's consumers can go on with it, 3 when it breaks them.

    \b
    Example:
      esb service compare DIN/IAMAS/PersonQuery/v1 --wsdl person-2026.wsdl
    """
    from esb.admin.contract_versions import compare_registered
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId

    contract = read_wsdl(wsdl, main_path, port_type, allow_private)
    show_report(ctx, compare_registered(sit_down(place).engine, ServiceId.parse(name), contract), as_json)


@click.command()
@click.argument("name")
@click.option("--wsdl", help="The new WSDL 1.1: a file, a folder's file, a zip, or a URL.")
@click.option("--hosted", help="Instead: the name of a typed service that the bus hosts, as this version has it.")
@click.option("--main", "main_path", default="", help="Path of the WSDL inside a folder or zip that holds several.")
@click.option("--port-type", default="", help="Which port type to serve, where the WSDL has several.")
@click.option("--allow-private", is_flag=True, help="A WSDL's URL may be on a private or loopback address.")
@yes_option
@pass_place
def upgrade(
    place: Place,
    name: str,
    wsdl: str | None,
    hosted: str | None,
    main_path: str,
    port_type: str,
    allow_private: bool,
    yes: bool,
) -> None:
    """Let a service stand on a new contract that breaks none of its consumers.

    A breaking one is refused with every change that breaks, and with the command that registers it as the next major
    version beside this one.

    \b
    Example:
      esb service upgrade DIN/IAMAS/PersonQuery/v1 --wsdl person-2026.wsdl
      esb service upgrade SHLUZ/BUS/Subjects/v1 --hosted subjects
    """
    from esb.admin.contract_versions import ContractBreaks, compare_registered, next_version, upgrade_service
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId
    from esb.wsdl.changes import Verdict

    if (wsdl is None) == (hosted is None):
        raise click.UsageError("Give either --wsdl or --hosted.")
    desk = sit_down(place)
    service_id = ServiceId.parse(name)
    if hosted is not None:
        from esb.admin.hosted import hosted_contract

        contract = hosted_contract(hosted)
    else:
        contract = read_wsdl(wsdl or "", main_path, port_type, allow_private)
    report = compare_registered(desk.engine, service_id, contract)
    if report.verdict is Verdict.BREAKING:
        raise ContractBreaks(service_id, report, next_version(desk.engine, service_id))
    say_changes(report)
    confirm(f"Let {service_id} stand on this contract from now on?", yes)
    done = upgrade_service(desk.engine, service_id, contract, author=desk.author, now=desk.now, told=say)
    if done.revision is None:
        say(f"{service_id} stands on this very contract already; nothing was changed.")
        return
    say(f"{service_id} stands on revision {done.revision}, contract {done.contract[:16]}….")
    say(f"Told: {', '.join(done.told) or 'nobody'}")
    say(f"Running buses judge by it within {desk.settings.registry.poll_seconds:g} s.")


@click.command()
@click.argument("name")
@json_option
@pass_place
def history(place: Place, name: str, as_json: bool) -> None:
    """List the contracts that a service stood on, with the changes from each to the next.

    \b
    Example:
      esb service history DIN/IAMAS/PersonQuery/v1
    """
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId
    from esb.registry.database import reading
    from esb.registry.revisions import list_revisions

    with reading(sit_down(place).engine) as session:
        found = list_revisions(session, ServiceId.parse(name))
    if as_json:
        say_json(
            [
                {
                    "revision": each.number,
                    "contract": each.contract,
                    "from": moment_text(each.from_at),
                    "author": each.author,
                    "report": each.report,
                }
                for each in found
            ]
        )
        return
    rows = [
        (
            each.number,
            each.contract[:16],
            moment_text(each.from_at),
            each.author or "-",
            "-" if each.report is None else f"{len(each.report.get('changes', ()))} changes, {each.report['verdict']}",
        )
        for each in found
    ]
    say(table(("REVISION", "CONTRACT", "FROM", "BY", "AGAINST THE ONE BEFORE"), rows))


@click.command()
@click.argument("name")
@click.option("--at", type=MOMENT, help="From when on requests are refused, e.g. 2027-06-30.")
@click.option("--successor", help="The service that takes its place.")
@click.option("--cancel", is_flag=True, help="Take the sunset back.")
@yes_option
@pass_place
def sunset(place: Place, name: str, at: float | None, successor: str | None, cancel: bool, yes: bool) -> None:
    """Decide when a service ends: its consumers are told now, 60, 30, 7 and 1 day ahead, and when it is done.

    Until then it is served as before; afterwards requests are refused (RTE-04) with the successor's name.

    \b
    Example:
      esb service sunset DIN/IAMAS/PersonQuery/v1 --at 2027-06-30 --successor DIN/IAMAS/PersonQuery/v2
    """
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId
    from esb.registry.acts import acting
    from esb.registry.affected import consumers_of
    from esb.registry.sunsets import cancel_sunset, set_sunset

    if cancel == (at is not None):
        raise click.UsageError("Give either --at or --cancel.")
    desk = sit_down(place)
    service_id = ServiceId.parse(name)
    following = None if successor is None else ServiceId.parse(successor)
    if at is not None:
        confirm(f"Let {service_id} end on {moment_text(at)}? Its consumers are told at once.", yes)
    with acting(desk.engine, desk.author, desk.now) as act:
        if at is None:
            cancel_sunset(act, service_id)
        else:
            set_sunset(act, service_id, at, following)
        members = sorted(consumers_of(act.session, service_id.member, {service_id.text}, act.now, later=True))
    say(f"{service_id} has no end any more." if at is None else f"{service_id} ends on {moment_text(at)}.")
    say(f"Told: {', '.join(members) or 'nobody, for nobody has a grant'}")
    say(f"Running buses know it within {desk.settings.registry.poll_seconds:g} s.")
