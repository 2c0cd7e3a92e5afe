"""`esb service`: what is offered, and under which contract."""

import click

from esb.cli import service_contract, service_subject, similar
from esb.cli.moment import moment_text
from esb.cli.place import Place, pass_place
from esb.cli.show import block, confirm, json_option, say, say_json, table, yes_option

_JUDGEMENT = click.Choice(["enforce", "warn", "off"])


@click.group()
def service() -> None:
    """Services: what is offered, where its provider is, and how it is treated."""


@service.command()
@click.argument("name")
@click.option("--wsdl", help="The provider's WSDL 1.1: a file, a folder's file, a zip, or a URL.")
@click.option("--hosted", help="Instead of a WSDL: the name of a typed service that the bus hosts.")
@click.option("--endpoint", help="The provider's URL; else the one that the WSDL gives.")
@click.option("--main", "main_path", default="", help="Path of the WSDL inside a folder or zip that holds several.")
@click.option("--port-type", default="", help="Which port type to serve, where the WSDL has several.")
@click.option(
    "--signature",
    type=click.Choice(["bus", "carry", "none"]),
    default="bus",
    show_default=True,
    help="What the provider gets: the bus's signature, the consumer's carried on beside it, or none.",
)
@click.option("--signed-answers", is_flag=True, help="The provider signs its answers; refuse any that are not.")
@click.option("--judge-request", type=_JUDGEMENT, default="enforce", show_default=True)
@click.option("--judge-answer", type=_JUDGEMENT, default="enforce", show_default=True)
@click.option("--timeout", type=float, help="Seconds that the provider has for an answer.")
@click.option("--allow-private", is_flag=True, help="A WSDL's URL may be on a private or loopback address.")
@pass_place
def add(
    place: Place,
    name: str,
    wsdl: str | None,
    hosted: str | None,
    endpoint: str | None,
    main_path: str,
    port_type: str,
    signature: str,
    signed_answers: bool,
    judge_request: str,
    judge_answer: str,
    timeout: float | None,
    allow_private: bool,
) -> None:
    """Register a service under NAME (MEMBER/SYSTEM/SERVICE/vN) with its provider's contract.

    The contract is read with all that it imports, checked, and kept closed: nothing is fetched when messages pass.

    \b
    Examples:
      esb service add DIN/IAMAS/PersonQuery/v1 --wsdl person.wsdl --endpoint http://10.1.2.3/person
      esb service add DSMF/PENSION/Calculator/v1 --hosted pension
    """
    from esb.admin.services import register_service, soap_versions
    from esb.cli.desk import sit_down
    from esb.kernel.directory import AnswerSignature, Judgement, SignatureMode
    from esb.kernel.names import ServiceId
    from esb.registry.services import Terms

    if (wsdl is None) == (hosted is None):
        raise click.UsageError("Give either --wsdl or --hosted.")
    desk = sit_down(place)
    service_id = ServiceId.parse(name)
    if hosted is not None:
        from esb.admin.hosted import hosted_contract

        contract = hosted_contract(hosted)
        signature, endpoint = "none", hosted
    else:
        from esb.wsdl.addresses import AddressRules
        from esb.wsdl.fetch import WebFetch
        from esb.wsdl.read import read_contract

        fetch = WebFetch(rules=AddressRules(allow_private=True)) if allow_private else None
        contract = read_contract(str(wsdl), fetch, main=main_path, port_type=port_type)
    registered = register_service(
        desk.engine,
        service_id,
        contract,
        Terms(
            endpoint=endpoint or contract.endpoint,
            adapter="soap" if hosted is None else "hosted",
            signature=SignatureMode(signature),
            answer_signature=AnswerSignature.REQUIRED if signed_answers else AnswerSignature.IGNORED,
            judge_request=Judgement(judge_request),
            judge_answer=Judgement(judge_answer),
            timeout=timeout or desk.settings.provider.timeout_seconds,
        ),
        author=desk.author,
        now=desk.now,
        told=say,
    )
    say(f"Provider: {registered.terms.endpoint} (SOAP {', '.join(soap_versions(contract))})")
    say(f"Operations: {', '.join(registered.operations)}")
    say(f"Consumers' WSDL: {desk.settings.bus.address}{service_id.path}?wsdl")
    if hosted is None:
        from esb.admin.duplicates import Duplicates

        similar.warn_of_duplicates(Duplicates(desk.engine).of_service(service_id.text))
    service_subject.propose(service_id.text, contract)
    say(f"Next: esb grant add CONSUMER {service_id} --purpose … --basis …")


@service.command(name="list")
@json_option
@pass_place
def list_(place: Place, as_json: bool) -> None:
    """List the services."""
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.services import list_services

    with reading(sit_down(place).engine) as session:
        rows = [
            (
                f"{row.member}/{row.system}/{row.code}/{row.version}",
                row.status.value,
                row.adapter,
                row.signature.value,
                f"{row.judge_request.value}/{row.judge_answer.value}",
                row.endpoint,
            )
            for row in list_services(session)
        ]
    if as_json:
        keys = ("service", "status", "adapter", "signature", "judgement", "endpoint")
        say_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    headers = ("SERVICE", "STATUS", "ADAPTER", "SIGNATURE", "JUDGED (ASK/ANSWER)", "ENDPOINT")
    say(table(headers, rows) if rows else "There are no services yet: esb service add NAME --wsdl …")


@service.command()
@click.argument("name")
@json_option
@pass_place
def show(place: Place, name: str, as_json: bool) -> None:
    """Show a service and its operations."""
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId
    from esb.registry.contracts import list_operations
    from esb.registry.database import reading
    from esb.registry.services import get_service
    from esb.registry.sunsets import get_sunset

    desk = sit_down(place)
    service_id = ServiceId.parse(name)
    with reading(desk.engine) as session:
        row = get_service(session, service_id)
        operations = list_operations(session, row.contract)
        ending = get_sunset(session, service_id)
    facts = {
        "service": service_id.text,
        "status": row.status.value,
        "endpoint": row.endpoint,
        "adapter": row.adapter,
        "signature": row.signature.value,
        "signed answers": row.answer_signature.value,
        "judge request": row.judge_request.value,
        "judge answer": row.judge_answer.value,
        "timeout": row.timeout,
        "messages kept": row.retention or f"{desk.settings.evidence.retention} (evidence.retention)",
        "contract": row.contract,
        "wsdl": f"{desk.settings.bus.address}{service_id.path}?wsdl",
    }
    if ending is not None:
        facts["sunset"] = moment_text(ending.at)
        facts["successor"] = "-" if ending.successor is None else ending.successor.text
    if as_json:
        names = [{"name": each.name, "input": each.input, "output": each.output} for each in operations]
        say_json({**{key.replace(" ", "_"): value for key, value in facts.items()}, "operations": names})
        return
    say(block(facts.items()))
    say("")
    say(
        table(
            ("OPERATION", "INPUT", "OUTPUT"), [(each.name, each.input, each.output or "one-way") for each in operations]
        )
    )


@service.command()
@click.argument("name")
@click.option("--status", type=click.Choice(["active", "suspended", "retired"]))
@click.option("--endpoint", help="The provider's new URL.")
@click.option("--signature", type=click.Choice(["bus", "carry", "none"]))
@click.option(
    "--answer-signature",
    type=click.Choice(["required", "ignored", "hosted"]),
    help="The provider's own signature: demanded, not looked at, or made by the bus with the owner's hosted key.",
)
@click.option("--judge-request", type=_JUDGEMENT)
@click.option("--judge-answer", type=_JUDGEMENT)
@click.option("--timeout", type=float, help="Seconds that the provider has for an answer.")
@yes_option
@pass_place
def change(
    place: Place,
    name: str,
    status: str | None,
    endpoint: str | None,
    signature: str | None,
    answer_signature: str | None,
    judge_request: str | None,
    judge_answer: str | None,
    timeout: float | None,
    yes: bool,
) -> None:
    """Change how a service is reached or treated; what is not named stays as it is.

    \b
    Example:
      esb service change DIN/IAMAS/PersonQuery/v1 --status suspended
    """
    from esb.admin.service_terms import change_terms
    from esb.cli.desk import sit_down
    from esb.kernel.directory import AnswerSignature, Judgement, ServiceStatus, SignatureMode
    from esb.kernel.names import ServiceId

    desk = sit_down(place)
    if status in ("suspended", "retired"):
        confirm(f"Set {name} to {status}? Requests to it are refused.", yes)
    told = change_terms(
        desk.engine,
        ServiceId.parse(name),
        author=desk.author,
        now=desk.now,
        status=None if status is None else ServiceStatus(status),
        endpoint=endpoint,
        signature=None if signature is None else SignatureMode(signature),
        answer_signature=None if answer_signature is None else AnswerSignature(answer_signature),
        judge_request=None if judge_request is None else Judgement(judge_request),
        judge_answer=None if judge_answer is None else Judgement(judge_answer),
        timeout=timeout,
    )
    say(f"Changed; running buses know it within {desk.settings.registry.poll_seconds:g} s.")
    if told:
        say(f"Told in their mailboxes: {', '.join(sorted(told))}")


@service.command()
@click.argument("name")
@click.argument("kept")
@pass_place
def retention(place: Place, name: str, kept: str) -> None:
    """Say what is kept of a service's messages, and for how long.

    KEPT is "full", "full DAYS", "headers DAYS" (all octets but what the Body holds), "digests" (nothing but what
    records say of them), or "default" for what the settings say.  It holds for what is recorded from now on; what is on
    record keeps the day that stands in it.  Of what is kept without its Body a consumer gets no answer a second time.

    \b
    Examples:
      esb service retention DIN/IAMAS/PersonQuery/v1 "full 1095"
      esb service retention DIN/IAMAS/PersonQuery/v1 "headers 3650"
    """
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId
    from esb.registry.acts import acting
    from esb.registry.retentions import set_retention

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        changed = set_retention(act, ServiceId.parse(name), None if kept == "default" else kept)
    say(
        f"Changed; running buses know it within {desk.settings.registry.poll_seconds:g} s."
        if changed
        else "It was so already."
    )


for _command in (
    service_contract.compare,
    service_contract.upgrade,
    service_contract.history,
    service_contract.sunset,
    service_subject.subject,
    similar.similar_services,
):
    service.add_command(_command)
