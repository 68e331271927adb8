"""The files of a new project: a plan that passes, one that fails on purpose, and an editor that knows their schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_intellisense.codec.schema import DEFAULTS_SCHEMA_FILE, SCHEMA_FILE

EDITOR_SETTINGS = ".vscode/settings.json"
SCHEMAS = ".intellisense"

_ORDER = {"type": "trade_command", "symbol": "${symbol}", "side": "BUY", "quantity": 10}


def starter_files() -> Iterator[tuple[str, str]]:
    """Path in the project, and text, of every file."""
    yield "pytest.toml", '[pytest]\ntestpaths = ["scenarios"]\n'
    yield (
        "scenarios/plan_defaults.json",
        _json({"$schema": f"../{SCHEMAS}/{DEFAULTS_SCHEMA_FILE.name}", "step": {"timeout_s": 5}}),
    )
    yield "scenarios/market_order.plan.json", _json(_passing())
    yield "scenarios/fails_on_purpose.plan.json", _json(_failing())
    yield f"{SCHEMAS}/{SCHEMA_FILE.name}", SCHEMA_FILE.read_text(encoding="utf-8")
    yield f"{SCHEMAS}/{DEFAULTS_SCHEMA_FILE.name}", DEFAULTS_SCHEMA_FILE.read_text(encoding="utf-8")
    yield EDITOR_SETTINGS, _json(editor_settings())


def editor_settings() -> dict[str, Any]:
    """What makes VS Code complete and check plans."""
    files = {
        SCHEMA_FILE.name: ["*.plan.json", "*.plan.jsonc"],
        DEFAULTS_SCHEMA_FILE.name: ["plan_defaults.json", "plan_defaults.jsonc"],
    }
    return {"json.schemas": [{"fileMatch": names, "url": f"./{SCHEMAS}/{schema}"} for schema, names in files.items()]}


def _passing() -> dict[str, Any]:
    return {
        "$schema": f"../{SCHEMAS}/{SCHEMA_FILE.name}",
        "plan_name": "market_order",
        "description": "A market order is filled once and opens a position.",
        "tags": ["smoke"],
        "matrix": {"symbol": ["AAPL", "MSFT"]},
        "steps": [
            {
                "step_id": "buy",
                "stimulus": _ORDER,
                "pipeline": "TRADE_CMD_TO_BROKER_FILL",
                "validation_points": [
                    {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True},
                    _fill("quantity", "fill_quantity", "$stimulus_quantity"),
                    {
                        "validation_id": "one_order",
                        "type": "correlation_log_event_count",
                        "event_criteria": {"event_type": "ORDER_REQUEST"},
                        "expected_event_count": 1,
                    },
                ],
            }
        ],
    }


def _failing() -> dict[str, Any]:
    return {
        "$schema": f"../{SCHEMAS}/{SCHEMA_FILE.name}",
        "plan_name": "fails_on_purpose",
        "description": "Expects a SELL of an order that buys, to show what a failure looks like. Correct or delete it.",
        "steps": [
            {
                "step_id": "buy",
                "stimulus": {**_ORDER, "symbol": "AAPL"},
                "pipeline": "TRADE_CMD_TO_BROKER_FILL",
                "validation_points": [_fill("side", "side", "SELL")],
            }
        ],
    }


def _fill(name: str, field: str, expected: str) -> dict[str, Any]:
    return {
        "validation_id": name,
        "type": "specific_log_event_field",
        "target_identifier": "T4_BrokerFillLog",
        "field_to_check": field,
        "operator": "==",
        "expected_value": expected,
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def has_pytest_configuration(folder: Path) -> bool:
    """Whether pytest finds its settings in `folder` already: a second file of them would win or lose silently."""
    names = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml")
    return any((folder / name).exists() for name in names)
