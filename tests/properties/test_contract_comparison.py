"""Whatever is called compatible is so: no document that one schema takes is refused by the other, said the judge.

Schemas are made at random and changed a little; documents that come near to both are judged by both.
"""

import tempfile
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.schemas import changed, contract_of, random_document, random_schema, written

from esb.schemas.arrange import Unfit
from esb.schemas.compile import compile_judge
from esb.wsdl.changes import Side, Verdict
from esb.wsdl.compare import compare

_DOCUMENTS = 25


@given(st.integers(0, 2**48))
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_called_compatible_refuses_nothing(seed: int) -> None:
    random = Random(seed)
    before = random_schema(random)
    after = changed(random, before)
    with tempfile.TemporaryDirectory() as folder:
        old, new = (contract_of(written(each), Path(folder)) for each in (before, after))
    try:
        was, becomes = compile_judge(old), compile_judge(new)
    except Unfit:
        return  # a model that is not deterministic, most often
    report = compare(old, new)
    broken = {change.side for change in report.changes if change.verdict is Verdict.BREAKING}
    for _ in range(_DOCUMENTS):
        document = random_document(random, random.choice([before, after]))
        valid, still = not was.judge(document), not becomes.judge(document)
        if valid and not still:
            assert Side.REQUEST in broken, (report.plain, written(before), written(after))
        if still and not valid:
            assert Side.ANSWER in broken, (report.plain, written(before), written(after))


@given(st.integers(0, 2**48))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_contract_is_identical_to_itself(seed: int) -> None:
    schema = written(random_schema(Random(seed)))
    with tempfile.TemporaryDirectory() as folder:
        old, new = (contract_of(schema, Path(folder)) for _ in range(2))
    try:
        compile_judge(old)
    except Unfit:
        return
    assert compare(old, new).verdict is Verdict.IDENTICAL


def test_the_trial_would_notice() -> None:
    """Changes do bite: among a few hundred pairs each side is broken by documents many times."""
    bites = {Side.REQUEST: 0, Side.ANSWER: 0}
    for seed in range(150):
        random = Random(seed)
        before = random_schema(random)
        after = changed(random, before)
        with tempfile.TemporaryDirectory() as folder:
            old, new = (contract_of(written(each), Path(folder)) for each in (before, after))
        try:
            was, becomes = compile_judge(old), compile_judge(new)
        except Unfit:
            continue
        documents = [random_document(random, random.choice([before, after])) for _ in range(_DOCUMENTS)]
        verdicts = {(not was.judge(each), not becomes.judge(each)) for each in documents}
        bites[Side.REQUEST] += (True, False) in verdicts
        bites[Side.ANSWER] += (False, True) in verdicts
    assert min(bites.values()) > 10, bites
