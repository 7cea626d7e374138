"""The interface against its own document: whatever the schema allows or forbids, no error of the server."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .conftest import Served

EXAMPLES = int(os.environ.get("MINIDL_SCHEMA_EXAMPLES", 8))  # of each path; measured once with more


@pytest.mark.slow
def test_schemathesis(served: Served) -> None:
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    judged = [
        not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
        checks.response_schema_conformance,
    ]  # fmt: skip
    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    asked: Counter[str] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        modes = [schemathesis.GenerationMode.POSITIVE]
        if operation.body or operation.query:  # else there is nothing that could be wrong
            modes.append(schemathesis.GenerationMode.NEGATIVE)

        @given(st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)))
        @settings(
            max_examples=EXAMPLES,
            deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None,
            phases=[Phase.generate],  # to shrink a body of 784 numbers takes minutes
        )  # fmt: skip
        def answered(case: Any) -> None:
            asked[case.operation.label] += 1
            case.call_and_validate(checks=judged)

        answered()
    assert len(asked) == 7, asked
    print(asked)
