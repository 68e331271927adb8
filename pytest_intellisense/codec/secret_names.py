"""Which names tell that their value is a secret: one rule, whether a name stands in JSON, in a text or on a command line.

A name is taken apart into words (`ALPACA_KEY_ID`, `redisPassword`, `auth-token`, `tokens2`). A word such as `password` makes
it secret, whatever stands around it, unless its end says that it is about the secret (`token_count`, `password_file`). Words
that mean more than one thing (`key`, `pass`, `auth`, `token`) ask what stands beside them.
"""

from __future__ import annotations

import functools
import re
from typing import Any

TELLING = (
    *("pass", "pw", "secret", "token", "cred", "auth", "key", "bearer", "basic", "cookie", "dsn", "jwt"),
    *("://", ":\\/", "\\u00"),
)
"""Parts of every name and surroundings that tell a secret, in small letters; the last ones are other spellings."""


def words_in(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST_NAME = 200
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_LETTERS = re.compile(r"[a-z]+")

_VENDORS = words_in("alpaca apca polygon finnhub tiingo iex ibkr ib tws lightspeed schwab tradier databento openai aws azure")
_KINDS_OF_KEY = ["api", "access", "private", "secret", "signing", "encryption", "ssh", "tls", "ssl", "master", "shared"]
_KINDS_OF_KEY += ["account", "session", "client", "app", "consumer", "broker", "license", "auth", *sorted(_VENDORS)]
_KINDS_OF_PASS = [
    "db",
    "database",
    "redis",
    "user",
    "admin",
    "root",
    "login",
    "smtp",
    "mail",
    "ftp",
    "broker",
    *sorted(_VENDORS),
]
_VARIANTS = (
    words_in(
        "id ids hash value values val text header headers ref live prod production paper old new plain json test "
        "dev demo sandbox staging main backup primary secondary current previous prev last next base b encoded "
        "encrypted enc raw string str env var pem der hex bytes data default real actual clear cleartext plaintext "
        "user admin root"
    )
    | _VENDORS
)
"""What may follow a word that means more than one thing, and it is still the secret itself."""

_SECRET_WORD = re.compile(
    r"([a-z]*?)(pass(?:word|wd|phrase|code)|pwd|pw|secret|token|credential|authorization|jwt|"
    rf"(?:{'|'.join(_KINDS_OF_KEY)})key|(?:{'|'.join(_KINDS_OF_PASS)})pass)s?(?:{'|'.join(sorted(_VARIANTS))})?"
)
_SECRET_WORDS = frozenset({"creds", "cred", "bearer", "cookie", "cookies", "dsn", "dsns", "passwds"})
_SECOND_HALF_OF_PASS = frozenset({"word", "words", "phrase", "phrases", "code", "codes", "wd"})
_VARIANTS_OF_A_BARE_KEY = frozenset({"id", "ids", "live", "prod", "paper", "sandbox", "demo", "pem", "der"}) | _VENDORS

_ABOUT_IT = words_in(
    "count counts len length size limit limits max min maximum minimum capacity bucket budget total number num "
    "expiry expires expire expired expiration ttl age timeout interval period rate ratio per second seconds "
    "minute minutes hour hours day days ms us ns at time timestamp date usage used enabled disabled required "
    "valid validated invalid present missing loaded set status state type kind policy attempts retries "
    "failures failed failure errors error index position offset level levels file files path paths dir "
    "directory field fields source provider method mode scheme url uri endpoint scope scopes algorithm issuer "
    "audience refresh refreshed rotation rotated check checks health"
)
"""A name that ends so says something about a secret, and is none."""

_ORDINARY_BEFORE_TOKEN = (
    *("max", "min", "num", "numeric", "numerical", "number", "total", "count", "input", "output", "prompt", "completion"),
    *("raw", "ocr", "line", "text", "parsed", "split", "word", "symbol", "strategy", "price", "cost", "pnl", "cleaned"),
    *("valid", "invalid", "matched", "consumed", "skipped", "remaining", "used", "available", "required", "expected"),
    *("unexpected", "unknown", "extra", "leading", "trailing", "missing", "insufficient", "stop"),
)
_ORDINARY_BEFORE_PASS = words_in("first second third final low high band multi single two one all each filter ocr test")
_ORDINARY_BEFORE_KEY = words_in(
    "symbol primary foreign sort sorted cache group grouping partition pipeline dedup deduplication duplicate "
    "fingerprint lookup index hot map dict row routing config configuration public join order orders position "
    "trade stream field unique composite idempotency event correlation causation payload json metric lock "
    "queue redis bucket object storage column natural surrogate search filter query hash state status setting "
    "settings parameter param option name data item entry record request message parent child time date day "
    "blob binary label tag legend chart color enter escape space arrow shift control ctrl alt function press "
    "pressed shortcut up down left right any missing unknown invalid wrong target source required optional "
    "expected extra risk rule price quote market maf ocr roi snapshot strategy side signal fill reason "
    "decision frame image metadata the a this that each per by no"
)


def is_secret(name: str, value: Any) -> bool:
    """Whether this value of this name is likely to be a secret. Nothing, yes or no, a fraction, a number of tokens are none."""
    if value is None or value == "" or isinstance(value, bool | float):
        return False
    if isinstance(value, int) and "tokens" in _words(name):
        return False
    return is_secret_name(name)


def is_secret_name(name: str) -> bool:
    """Whether a value of this name is likely to be a secret: `ALPACA_API_KEY`, `redisPassword`, `auth_token`."""
    half = _LONGEST_NAME // 2
    return _is_secret_name(name if len(name) <= _LONGEST_NAME else f"{name[:half]}_{name[-half:]}")


def is_tokens(name: str) -> bool:
    """Whether the name is nothing but `token`, `tokens` or `token1`: beside a line of text these are its words."""
    return _words(name) in (("token",), ("tokens",))


@functools.lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    words = _words(name)
    return any(_is_secret_word(words[:place], word, words[place + 1 :]) for place, word in enumerate(words))


def _words(name: str) -> tuple[str, ...]:
    return tuple(_LETTERS.findall(_HUMP.sub("_", name).lower()))


def _is_secret_word(before: tuple[str, ...], word: str, behind: tuple[str, ...]) -> bool:
    last = before[-1] if before else ""
    if word in ("key", "keys"):
        return (last not in _ORDINARY_BEFORE_KEY and _VARIANTS.issuperset(behind)) if last else _is_bare_key(behind)
    if word == "pass":
        halves = bool(behind) and behind[0] in _SECOND_HALF_OF_PASS
        return halves or (last not in _ORDINARY_BEFORE_PASS and _VARIANTS.issuperset(behind))
    if word in ("auth", "oauth", "authentication"):
        return _VARIANTS.issuperset(behind)
    if behind and behind[-1] in _ABOUT_IT:
        return False
    if word in _SECRET_WORDS:
        return True
    found = _SECRET_WORD.fullmatch(word)
    if found is None:
        return False
    return found[2] != "token" or not (found[1] or last).endswith(_ORDINARY_BEFORE_TOKEN)


def _is_bare_key(behind: tuple[str, ...]) -> bool:
    return bool(behind) and _VARIANTS_OF_A_BARE_KEY.issuperset(behind)
