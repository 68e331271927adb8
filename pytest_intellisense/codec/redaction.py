"""Secrets are taken out before anything is stored; what stands in their place says so."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pytest_intellisense.codec.limits import LONGEST_VALUE
from pytest_intellisense.codec.secret_names import TELLING, is_secret, is_secret_name, is_tokens, words_in
from pytest_intellisense.codec.secret_texts import REDACTED, without_changes, without_secrets_in_text
from testrade_hooks import wire

MARK = "redacted"

SECRET_STREAMS = frozenset(
    {wire.CONFIG_CHANGES, wire.INJECTION_COMMANDS, wire.INJECTION_RESPONSES}
    | {wire.SYSTEM_ALERTS, wire.CORE_HEALTH, wire.CORRELATION_LOG}
)
"""Where configurations, answers and messages travel: their entries are looked through one by one."""

_TELLING_BYTES = tuple(telling.encode() for telling in TELLING)
_WHOLE_STREAMS = frozenset({wire.CONFIG_CHANGES})
_NAMING_FIELDS = words_in(
    "parameter param changedparameter changedparameters parametername paramname name names key setting settingname settings "
    "field fieldname property propertyname option variable attribute configkey path"
)
_VALUE_FIELDS = words_in(
    "value values val old new oldvalue newvalue oldvalues newvalues previous previousvalue prev prevvalue current currentvalue "
    "default defaultvalue original originalvalue from to fromvalue tovalue before after valuebefore valueafter was is now "
    "updated updatedvalue requested requestedvalue applied appliedvalue actual effective"
)
_LINES_OF_TEXT = frozenset({"raw_line", "raw_text", "full_raw_text"})
_SHORTEST_KNOWN = 4
"""A shorter value stands in too many words to be looked for in a text."""


def may_hold_secrets(stream: str, text: bytes) -> bool:
    """Whether the text of an entry has to be looked through; quick, and True rather once too often."""
    return stream in SECRET_STREAMS and (stream in _WHOLE_STREAMS or is_telling(text))


def is_telling(text: bytes) -> bool:
    """Whether anything in the text is a part of a secret's name or of its surroundings, or spelt so that it could be."""
    lower = text.lower()
    for telling in _TELLING_BYTES:  # noqa: SIM110 - asked of every entry, and any() takes three times as long
        if telling in lower:
            return True
    return False


def redacted(payload: Any) -> Any:
    """The same value, the very object if it holds no secret; else a copy with each secret replaced by REDACTED."""
    return _redacted(payload, None)


def scrubbed(text: str) -> str:
    """The text without passwords of URLs, values of secret names, bearer tokens and private keys; JSON by its names.

    A text longer than LONGEST_VALUE that is no JSON stays: little of it will be kept, and that is looked through then.
    """
    structured = _scrubbed_json(text) if text.lstrip()[:1] in ("{", "[") else None
    if structured is not None or len(text) > LONGEST_VALUE:
        return text if structured is None else structured
    return without_secrets_in_text(text)


def scrubbed_bytes(data: bytes) -> bytes:
    """The same of bytes that need not be text."""
    return scrubbed(data.decode("latin-1")).encode("latin-1", errors="replace")


def clean_field(name: bytes, value: bytes) -> bytes:
    """The value of an entry's field of this name, without secrets."""
    return REDACTED.encode() if value and is_secret_name(name.decode("latin-1")) else scrubbed_bytes(value)


def raw_fields(stream: str, fields: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The fields of an entry that could not be read, for the record: base64, without secrets.

    Of a stream that carries whole configurations, and of a value longer than LONGEST_VALUE, only size and hash are kept:
    what cannot be read cannot be searched.
    """
    kept, withheld, changed = {}, {}, False
    for name, value in fields.items():
        clean_name = scrubbed_bytes(name)
        if stream in _WHOLE_STREAMS or len(value) > LONGEST_VALUE:
            withheld[_base64(clean_name)] = {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
            continue
        clean = clean_field(name, value)
        changed = changed or clean != value or clean_name != name
        kept[_base64(clean_name)] = _base64(clean)
    return {"fields_base64": kept} | ({"fields_withheld": withheld} if withheld else {}) | ({MARK: True} if changed else {})


def _redacted(value: Any, known: tuple[str, ...] | None) -> Any:
    """`known`: the value stands beside the name of a secret, whose values these are; None: it does not."""
    if isinstance(value, str):
        return scrubbed(value) if known is None else _without_known(scrubbed(value), known)
    if isinstance(value, dict):
        return _redacted_mapping(value, known)
    if isinstance(value, list):
        members = _redacted_list(value, known)
        return members if any(new is not old for new, old in zip(members, value, strict=True)) else value
    return value


def _redacted_mapping(payload: Mapping[str, Any], known: tuple[str, ...] | None) -> Mapping[str, Any]:
    if any(_names_a_secret(name, said) for name, said in payload.items()):
        known = (*(known or ()), *_known_values(payload))
    words = not _LINES_OF_TEXT.isdisjoint(payload)
    key_of_secret = "key" in payload and any("secret" in name.lower() for name in payload)
    clean: dict[str, Any] = {}
    for name, value in payload.items():
        field = _folded(name)
        if field in _NAMING_FIELDS and isinstance(value, str) and not (key_of_secret and name == "key"):
            new: Any = scrubbed(value)
        elif (
            _is_hidden(name, value, words=words)
            or (key_of_secret and name == "key")
            or (known is not None and field in _VALUE_FIELDS)
        ):
            new = _hidden(value)
        else:
            new = _redacted(value, known)
        clean[_unused(scrubbed(name), clean)] = new
    same = all(new is old for new, old in zip(clean.values(), payload.values(), strict=True)) and clean.keys() == payload.keys()
    return payload if same else clean


def _is_hidden(name: str, value: Any, *, words: bool) -> bool:
    """The words of a line of text are no secrets, and an object that has a symbol stands under this symbol."""
    if not is_secret(name, value) or (words and is_tokens(name)):
        return False
    return not (isinstance(value, dict) and value.get("symbol") == name)


def _redacted_list(values: list[Any], known: tuple[str, ...] | None) -> list[Any]:
    """What follows the name of a secret in a list is its value: `["--password", "x"]`, `["api_key", "x"]`."""
    clean, follows = [], False
    for value in values:
        clean.append(_hidden(value) if follows and not _is_option(value) else _redacted(value, known))
        follows = isinstance(value, str) and (_is_option(value) or len(values) == 2) and is_secret_name(value)
    return clean


def _is_option(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("-")


def _names_a_secret(field: str, said: Any) -> bool:
    names = said if isinstance(said, list) else [said]
    return _folded(field) in _NAMING_FIELDS and any(isinstance(name, str) and is_secret_name(name) for name in names)


def _known_values(payload: Mapping[str, Any]) -> list[str]:
    values = [value for name, value in payload.items() if _folded(name) in _VALUE_FIELDS]
    return [value for value in values if isinstance(value, str) and len(value) >= _SHORTEST_KNOWN]


def _without_known(text: str, known: tuple[str, ...]) -> str:
    clean = without_changes(text)
    for value in known:
        clean = clean.replace(value, REDACTED)
    return text if clean == text else clean


def _folded(name: str) -> str:
    return name[:60].replace("_", "").replace("-", "").lower()


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    return (
        name
        if name not in taken
        else next(f"{name}#{number}" for number in range(1, len(taken) + 2) if f"{name}#{number}" not in taken)
    )


def _scrubbed_json(text: str) -> str | None:
    """A text that is JSON is gone through by its names; None: it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    clean = redacted(value)
    return text if clean is value else json.dumps(clean)


def _hidden(value: Any) -> Any:
    """Nothing, yes or no, and a fraction are no secrets."""
    return value if value is None or value == "" or isinstance(value, bool | float) or value == REDACTED else REDACTED


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
