"""Sign-in records that say what their policies did, in the three shapes."""

from __future__ import annotations

import json
from typing import Any

from tests.records import diagnostic_record, graph_record, line, log_analytics_row

POLICY = "ffffffff-0000-4000-8000-00000000000f"
SHAPES = ("graph", "diagnostic", "log analytics")
_FLAGS = {"none": 0, "application": 1, "users": 2, "location": 8, "clientType": 16}


def applied(result: str, **changes: Any) -> dict[str, Any]:
    """A policy of a record, as Graph's beta has it."""
    return {
        "id": POLICY,
        "displayName": "Require MFA",
        "enforcedGrantControls": ["Mfa"],
        "enforcedSessionControls": [],
        "result": result,
        "conditionsSatisfied": "none",
        "conditionsNotSatisfied": "none",
        "includeRulesSatisfied": [],
        "excludeRulesSatisfied": [],
        **changes,
    }


def kept_by(condition: str, *rules: str, **changes: Any) -> dict[str, Any]:
    """A policy that did not apply, for want of a condition or because of exclusions."""
    excluded = [{"conditionalAccessCondition": condition, "ruleSatisfied": rule} for rule in rules]
    return applied(
        "notApplied",
        conditionsNotSatisfied=condition,
        excludeRulesSatisfied=excluded,
        **changes,
    )


def record(shape: str, *policies: dict[str, Any], **changes: Any) -> bytes:
    """Ann's sign-in with a password, which names these policies, as one shape writes it."""
    if shape == "graph":
        return line(graph_record(appliedConditionalAccessPolicies=list(policies), **changes))
    flagged = [
        {
            **each,
            "conditionsNotSatisfied": _FLAGS.get(each["conditionsNotSatisfied"], 0),
            "excludeRulesSatisfied": each["excludeRulesSatisfied"],
        }
        for each in policies
    ]
    if shape == "diagnostic":
        return line(diagnostic_record(appliedConditionalAccessPolicies=flagged, **changes))
    renamed = {f"{key[:1].upper()}{key[1:]}": value for key, value in changes.items()}
    if "AuthenticationDetails" in renamed:
        renamed["AuthenticationDetails"] = json.dumps(renamed["AuthenticationDetails"])
    return line(log_analytics_row(ConditionalAccessPolicies=json.dumps(flagged), **renamed))
