"""The description of the routes holds for whatever a client makes of it: schemathesis asks the app itself."""

from __future__ import annotations

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode, SerializationContext
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.served import Served
from tests.world import SITE
from verifier.api import description
from verifier.report import Verdict

OPERATIONS = [
    (method.upper(), path)
    for path, operations in json.loads(description(SITE))["paths"].items()
    for method in operations
]

NOT_HELD_TO = {
    # An empty form is well formed and gets 400; fields of a form and lines of text are text, whatever they stand for.
    ("POST", "/"): [positive_data_acceptance, negative_data_rejection],
    ("POST", "/bulk"): [positive_data_acceptance, negative_data_rejection],
    ("POST", "/receipt.pdf"): [positive_data_acceptance, negative_data_rejection],
    ("POST", "/receipt.jws"): [positive_data_acceptance, negative_data_rejection],
    ("POST", "/api/verify/bulk"): [negative_data_rejection],
}


@schemathesis.serializer("application/x-ndjson")
def _lines(context: SerializationContext, value: object) -> bytes:
    """What is generated, as one text or as any other JSON on one line."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> BaseSchema:
    served = Served(tmp_path_factory.mktemp("site"))
    served.add(served.issue(Verdict.VALID))
    return schemathesis.openapi.from_wsgi("/openapi.json", served.app())


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_operation_answers_as_described(schema: BaseSchema, method: str, path: str, mode: GenerationMode) -> None:
    operation = schema[path][method]
    if mode is GenerationMode.NEGATIVE and not (list(operation.iter_parameters()) or list(operation.body)):
        return  # nothing about it could be wrong

    @settings(
        max_examples=8,
        derandomize=True,  # the same questions each time
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case: Case) -> None:
        case.call_and_validate(excluded_checks=NOT_HELD_TO.get((method, path)))

    answers()
