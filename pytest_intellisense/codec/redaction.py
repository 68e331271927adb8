"""Secrets are taken out before anything is stored; what stands in their place says so."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_intellisense.codec.limits import LONGEST_VALUE
from pytest_intellisense.errors import without_secrets
from testrade_hooks import wire

REDACTED = "[redacted]"
MARK = "redacted"

SECRET_STREAMS = frozenset(
    {wire.CONFIG_CHANGES, wire.INJECTION_COMMANDS, wire.INJECTION_RESPONSES}
    | {wire.SYSTEM_ALERTS, wire.CORE_HEALTH, wire.CORRELATION_LOG}
)
"""Where configurations, answers and messages travel: their entries are looked through one by one."""

_TELLING_BYTES = (
    b"pass",
    b"pwd",
    b"secret",
    b"token",
    b"credential",
    b"auth",
    b"key",
    b"bearer",
    b"basic",
    b"cookie",
    b"dsn",
    b"://",
    b":\\/",
    b"\\u00",
)

_WHOLE_STREAMS = frozenset({wire.CONFIG_CHANGES})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = (
    r"password|passwd|passphrase|pwd|secret|token|credentials?|authorization|auth|bearer|cookie|dsn|"
    r"(?:api|access|private|secret|signing|encryption|ssh|master|shared|account|session|client|app|consumer|broker|license)_?key"
)
_SECRET_NAME = re.compile(
    rf"(?:^|_)(?:{_WORD}|apikey|secrets|passwords|pass)(?:_(?:id|hash|value|text|file|path|header|ref|\d+))*$"
)
_NOT_SECRET = re.compile(r"(?:_file|_path)$")
_NAMES_IN_TEXT = (
    r"password|passwd|passphrase|pwd|secret|token(?!s)|credentials?|authorization|"
    r"(?:api|access|private|secret|signing|encryption|ssh)[_-]?key(?:[_-]?id)?"
)
_PAIR = re.compile(
    rf"(?is)(?P<head>[\"']?\b[\w.-]{{0,40}}?(?:{_NAMES_IN_TEXT})[\w]{{0,20}}\\*[\"']?\s*[:=]\s*)(?P<value>\\*\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|(?:Bearer|Basic)\s+\S+|[{{\[].*|[^\s,;&}}\]]+)"
)
_BEARER = re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_TELLING = re.compile(r"(?i)pass|pwd|secret|token|credential|authori|key|bearer|basic|://")
_NAMING_FIELDS = ("parameter", "changed_parameter", "parameter_name", "name", "key", "setting")
_VALUE_FIELDS = frozenset({"value", "old_value", "new_value", "old", "new", "previous_value", "current_value", "default"})


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a value of this name is likely to be a secret: `ALPACA_API_KEY`, `redisPassword`, `auth_token`."""
    folded = _HUMP.sub("_", name[:200]).replace("-", "_").replace(".", "_").replace(" ", "_").casefold()
    return _SECRET_NAME.search(folded) is not None and _NOT_SECRET.search(folded) is None


def may_hold_secrets(stream: str, text: bytes) -> bool:
    """Whether the text of an entry has to be looked through; quick, and True rather once too often."""
    return stream in SECRET_STREAMS and (stream in _WHOLE_STREAMS or is_telling(text))


def is_telling(text: bytes) -> bool:
    """Whether anything in the text is a part of a secret's name or of its surroundings, or spelt so that it could be."""
    lower = text.lower()
    return any(telling in lower for telling in _TELLING_BYTES)


def redacted(payload: Any) -> Any:
    """The same value, the very object if it holds no secret; else a copy with each secret replaced by REDACTED."""
    if isinstance(payload, str):
        return scrubbed(payload)
    if isinstance(payload, dict):
        return _redacted_mapping(payload)
    if isinstance(payload, list):
        members = [redacted(member) for member in payload]
        return members if any(new is not old for new, old in zip(members, payload, strict=True)) else payload
    return payload


def scrubbed(text: str) -> str:
    """The text without passwords of URLs, `name=value` pairs of secret names, bearer tokens and private keys."""
    if _TELLING.search(text) is None:
        return text
    structured = _scrubbed_json(text) if text.lstrip()[:1] in ("{", "[") else None
    if structured is not None:
        return structured
    clean = _PEM.sub(REDACTED, text)
    clean = _PAIR.sub(lambda found: f"{found['head']}{REDACTED}", clean)
    clean = without_secrets(_BEARER.sub(REDACTED, clean))
    return text if clean == text else clean


def raw_fields(stream: str, fields: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The fields of an entry that could not be read, for the record: base64, without secrets.

    Of a stream that carries whole configurations, and of a value longer than LONGEST_VALUE, only size and hash are kept:
    what cannot be read cannot be searched.
    """
    kept, withheld, changed = {}, {}, False
    for name, value in fields.items():
        if stream in _WHOLE_STREAMS or len(value) > LONGEST_VALUE:
            withheld[_base64(name)] = {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
            continue
        text = value.decode("latin-1")
        clean = REDACTED if is_secret_name(name.decode("latin-1")) else scrubbed(text)
        changed = changed or clean != text
        kept[_base64(name)] = _base64(clean.encode("latin-1"))
    return {"fields_base64": kept} | ({"fields_withheld": withheld} if withheld else {}) | ({MARK: True} if changed else {})


def _redacted_mapping(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    about_secret = any(isinstance(said := payload.get(name), str) and is_secret_name(said) for name in _NAMING_FIELDS)
    changed = {}
    for name, value in payload.items():
        hidden = is_secret_name(name) or (about_secret and name in _VALUE_FIELDS)
        clean = _hidden(value) if hidden else redacted(value)
        if clean is not value:
            changed[name] = clean
    return {**payload, **changed} if changed else payload


def _scrubbed_json(text: str) -> str | None:
    """A text that is JSON is gone through by its names; None: it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    clean = redacted(value)
    return text if clean is value else json.dumps(clean)


def _hidden(value: Any) -> Any:
    """Nothing, and yes or no, are no secrets."""
    return value if value is None or value == "" or isinstance(value, bool) or value == REDACTED else REDACTED


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
