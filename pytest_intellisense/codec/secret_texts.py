"""Secrets in running text: `name=value`, command lines, what was changed to what, URLs, bearer tokens and private keys."""

from __future__ import annotations

import re

from pytest_intellisense.codec.secret_names import TELLING, is_secret, is_secret_name, words_in
from pytest_intellisense.errors import without_secrets

REDACTED = "[redacted]"

_LONGEST_NAME = 100
_NAME = r"(?<![\w.-])(?P<name>(?:(?:api|access|secret|private) )?+[\w.-]++)"
_VALUE = (
    r"(?:\[redacted\]|\\*\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?|(?:Bearer|Basic)\s++\S+|[{\[(].*+"
    r"|(?:-\s++\S+\s*)++|[^\s,;&}\]]++)"
)
_CHANGES_TO = r"\s*(?:-+>|=>|→|\bto\b)\s*"
_PAIR = re.compile(rf"(?i){_NAME}(?P<quote>\\*+[\"']?+)\]?\s*+(?P<sign>[:=]{{1,2}}|=>|-+>|→)>?\s*+")
_ITS_VALUES = re.compile(rf"(?is){_VALUE}(?:{_CHANGES_TO}{_VALUE})*")
_ARGUMENT = re.compile(rf"(?is)(?P<head>(?<![\w-])--?(?P<name>[a-z][\w-]*+)(?:\\*[\"'],?)?\s++)(?P<value>(?!-){_VALUE})")
_VERB = r"(?:chang|set|updat|rotat|reset|replac|switch|modif|assign|renew)\w*"
_TELLING_NAME = (
    rf"(?<![\w.-])(?=[\w.-]{{0,{_LONGEST_NAME}}}?(?:{'|'.join(name for name in TELLING if name.isalpha())}))"
    rf"(?P<name>[\w.-]{{2,{_LONGEST_NAME}}}+)(?![\w.-])[\"']?"
)
_CHANGED = re.compile(
    rf"(?is)(?P<head>(?:\b{_VERB}\s++(?:the\s++|of\s++|value\s++|parameter\s++){{0,3}})?{_TELLING_NAME}(?:\s++\w+){{0,4}}?\s++)"
    rf"from\s++{_VALUE}\s++to\s++{_VALUE}"
)
_SET_TO = re.compile(
    rf"(?is)(?P<head>(?:\b{_VERB}\s++(?:the\s++)?[\"']?{_TELLING_NAME}|{_TELLING_NAME.replace('name>', 'named>')}"
    rf"(?:\s++\w+){{0,2}}?\s++{_VERB})\s++(?:to|as|=)\s++)(?P<value>{_VALUE})"
)
_IS = re.compile(rf"(?is)(?P<head>{_TELLING_NAME}(?:\s++for\s++\w+)?\s++(?:is|was)(?:\s++now)?\s++)(?P<value>{_VALUE})")
_ANY_CHANGE = re.compile(
    rf"(?is)\bfrom\s++{_VALUE}\s++to\s++{_VALUE}"
    rf"|(?:(?<![^\s,;:])[^\s,;:]++|'[^']*+'|\"[^\"]*+\")\s*(?:-+>|=>|→)\s*{_VALUE}|\b(?:to|is|was)\s++{_VALUE}"
)
_BEARER = re.compile(r"(?i)\b(?:bearer|basic)\s++[A-Za-z0-9._~+/=-]{8,}")
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_NO_SECRET = frozenset({"true", "false", "none", "null", ""})
_SAID_OF_A_SECRET = words_in(
    "a about absent accepted already an being changed denied disabled down empty enabled expired in incorrect invalid missing "
    "no not now ok on rejected refused required rotated set still the too unknown unset up updated valid wrong"
)
"""`the token is expired` is what a reader has to see."""


def is_telling_text(text: str) -> bool:
    lower = text.lower()
    return any(telling in lower for telling in TELLING)


def without_secrets_in_text(text: str) -> str:
    """The very text if nothing in it tells a secret."""
    if not is_telling_text(text):
        return text
    clean = _without_pairs(_PEM.sub(REDACTED, text))
    clean = _ARGUMENT.sub(_argument, clean)
    clean = _CHANGED.sub(_changed, clean)
    clean = _IS.sub(_stated, _SET_TO.sub(_set_to, clean))
    clean = without_secrets(_BEARER.sub(REDACTED, clean))
    return text if clean == text else clean


def without_changes(text: str) -> str:
    """Of a text that is known to be about a secret: what it was changed from and to is taken out."""
    return _ANY_CHANGE.sub(REDACTED, text)


def _without_pairs(text: str) -> str:
    parts, done = [], 0
    for head in _PAIR.finditer(text):
        if head.start() < done or not _may_be_secret(head):
            continue
        value = _ITS_VALUES.match(text, head.end())
        if value is not None and _is_secret(head["name"], value[0]):
            parts += [text[done : head.end()], REDACTED]
            done = value.end()
    return "".join([*parts, text[done:]]) if parts else text


def _may_be_secret(head: re.Match[str]) -> bool:
    """`tokens` as a word of a sentence is none: "too few numeric tokens: [...]"."""
    name = head["name"]
    in_sentence = name.lower() == "tokens" and not head["quote"] and head["sign"] == ":"
    return len(name) <= _LONGEST_NAME and not in_sentence and is_secret_name(name)


def _is_secret(name: str, value: str) -> bool:
    said: str | int | float = value.strip("\"'\\")
    if value == REDACTED or str(said).lower() in _NO_SECRET:
        return False
    if re.fullmatch(r"-?\d{1,20}", value):
        said = int(value)
    elif re.fullmatch(r"-?\d{1,20}\.\d{1,20}", value):
        said = float(value)
    return is_secret(name, said)


def _argument(found: re.Match[str]) -> str:
    return f"{found['head']}{REDACTED}" if _is_secret(found["name"], found["value"]) else found[0]


def _changed(found: re.Match[str]) -> str:
    return f"{found['head']}from {REDACTED} to {REDACTED}" if _is_secret(found["name"], "?") else found[0]


def _set_to(found: re.Match[str]) -> str:
    return f"{found['head']}{REDACTED}" if _is_secret(found["name"] or found["named"], found["value"]) else found[0]


def _stated(found: re.Match[str]) -> str:
    if found["value"].strip("\"'.!").casefold() in _SAID_OF_A_SECRET or not _is_secret(found["name"], found["value"]):
        return found[0]
    return f"{found['head']}{REDACTED}"
