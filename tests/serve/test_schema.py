"""The interface against its own document: whatever the schema allows or forbids, no error of the server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Served

EXAMPLES = 12  # of each path in CI; measured once with 300


@pytest.mark.slow
def test_schemathesis(served: Served) -> None:
    import os

    import schemathesis
    from schemathesis import checks

    judged = [checks.not_a_server_error]
    for name in ("status_code_conformance", "content_type_conformance", "response_schema_conformance"):
        judged.append(getattr(schemathesis.specs.openapi.checks, name))
    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    asked: dict[str, int] = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        strategies = [
            operation.as_strategy(generation_mode=mode)
            for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
        ]

        @given(st.one_of(strategies))
        @settings(
            max_examples=int(os.environ.get("MINIDL_SCHEMA_EXAMPLES", EXAMPLES)),
            deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None,
        )  # fmt: skip
        def answered(case: Any, path: str = operation.label) -> None:
            asked[path] = asked.get(path, 0) + 1
            case.call_and_validate(checks=judged)

        answered()
    assert len(asked) == 7, asked
    print(asked)
