"""The order of the way.  These two tuples are the architecture; everything else is what the stages do.

A request: what it says, who says it, whether they may, whether it is well said, on record, to whom, away.
An answer: whether it holds, whether it is well said, signed, on record and away.
"""

from collections.abc import Callable
from typing import Any

from esb.stages.adapt import adapt
from esb.stages.authenticate import authenticate
from esb.stages.authorize import authorize
from esb.stages.parse import parse
from esb.stages.record import record_request
from esb.stages.reply import reply
from esb.stages.route import route
from esb.stages.sign import sign
from esb.stages.validate import validate, validate_answer
from esb.stages.verify import verify
from esb.stages.way import Way

Stage = Callable[[Any, Way], Any]

REQUEST: tuple[Stage, ...] = (parse, authenticate, authorize, validate, record_request, route, adapt)
RESPONSE: tuple[Stage, ...] = (verify, validate_answer, sign, reply)
SIGNING: frozenset[Stage] = frozenset({route, sign})
"""The stages that sign: they run off the reactor where the bus's key lies in a slow device."""
