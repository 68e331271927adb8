"""Two tables: names whose values must never be stored, and ordinary names whose values a trader has to see."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_intellisense.codec.redaction import REDACTED, is_telling, redacted, scrubbed
from pytest_intellisense.codec.secret_names import is_secret_name

SECRET = (
    *(
        "password",
        "DB_PASSWORD",
        "redisPassword",
        "PassWord",
        "userPassword",
        "passphrase",
        "pass",
        "DB_PASS",
        "DBPass",
        "dbpass",
    ),
    *("password_live", "password_old", "password_plain", "password1", "password_prod2", "passwordlive", "IBKR_PW", "BROKER_PW"),
    *("apiKey", "X-Api-Key", "APIKey", "api_keys", "apikeys", "api_key_live", "api_key_paper", "APCA_API_SECRET_KEY"),
    *("AWS_ACCESS_KEY_ID", "ALPACA_KEY_ID", "alpaca_key", "polygon_key", "FINNHUB_KEY", "a_new_vendor_key", "key_id"),
    *("broker_key", "master_key", "private_key", "tls_key", "session_key", "secret_key_base"),
    *("token", "tokens", "auth_token", "auth_tokens", "accesstoken", "authtoken", "token_prod", "tokenprod", "oauth2_token"),
    *("client_secret", "clientsecret", "secrets", "secret_json", "credentials", "credentials_json"),
    *("auth", "REDIS_AUTH", "Authorization", "auth_header", "bearer", "cookie", "dsn", "jwt", "JWTs"),
)
ORDINARY = (
    *(
        "key",
        "keys",
        "symbol_key",
        "primary_key",
        "target_pipeline_key",
        "fingerprint_key",
        "stream_key",
        "sort_key",
        "cache_key",
    ),
    *("keyboard", "monkey", "turnkey", "hotkey", "hot_key", "key_levels", "daily_key_levels", "keyword", "key_press"),
    *(
        "token_count",
        "max_tokens",
        "min_numeric_tokens",
        "numeric_tokens",
        "minNumericTokens",
        "tokens_per_minute",
        "tokens_used",
    ),
    *("token_expires_at", "tokenizer", "secretary", "password_file", "private_key_path", "password_min_length"),
    *("passed", "passes", "pass_count", "pass_rate", "first_pass", "pass_through", "bypass", "bypass_count", "compass"),
    *("author", "authority", "authorized", "is_authorized", "auth_method", "auth_failed", "authentication_failures"),
    *("symbol", "cost_basis", "initial_share_size", "related_ocr_event_id", "session_id", "correlation_id", "request_id"),
    *("strategy", "ocr_fuzzy_match_threshold", "known_add_shares", "redis_stream_order_fills", "REDIS_HOST", "account_id"),
)
SHAPES = ("{}=VALUE", "{}: VALUE", "'{}': 'VALUE'", '"{}": "VALUE"', "wss://feed/?{}=VALUE", "run --{} VALUE", "{} -> VALUE")


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_name_hides_its_value(name: str) -> None:
    """Wherever it stands: as a name of JSON, inside JSON text, in every form of a text; and the quick look never misses it."""
    assert is_secret_name(name)
    assert redacted({name: "VALUE"}) == {name: REDACTED}
    assert "VALUE" not in scrubbed(json.dumps({"config": {name: "VALUE"}}))
    shown = [text for shape in SHAPES if "VALUE" in (text := scrubbed(shape.format(name)))]
    assert shown == ([f"{name}: VALUE"] if name == "tokens" else []), "only `tokens: …` is how a sentence goes"
    assert is_telling(name.encode())


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_name_keeps_its_value(name: str) -> None:
    """Names of TESTRADE's configuration and payloads, and words that only look like a secret's: the very object stays."""
    assert not is_secret_name(name)
    payload = {name: "VALUE"}
    assert redacted(payload) is payload
    assert [shape for shape in SHAPES if "VALUE" not in scrubbed(shape.format(name))] == []


def test_what_a_trader_has_to_see_stays() -> None:
    """Fractions, yes and no, numbers of tokens, the words of a line of the screen, and symbols that are spelt like a secret."""
    payload = {
        "context": {"raw_line": "Lung AAPL 150.25", "tokens": ["Lung", "AAPL", "150.25"], "token1": "AAPL"},
        "snapshots": {"PW": {"symbol": "PW", "cost_basis": 15.2}, "KEY": {"symbol": "KEY", "cost_basis": 17.1}},
        "prices": {"PW": 15.25},
        "password": None,
        "has": {"api_key": True, "tokens": 4},
        "message": "the auth token is expired; too few numeric tokens: ['Lung', 'AAPL']",
    }
    assert redacted(payload) is payload


words = st.sampled_from([*SECRET, *ORDINARY, "new", "x", "7", "word"])


@given(st.lists(words, min_size=1, max_size=3).map("_".join), st.sampled_from(SHAPES))
def test_the_quick_look_is_at_least_as_wide_as_the_rule(name: str, shape: str) -> None:
    """Otherwise an entry would go the short way with its secret."""
    text = shape.format(name)
    assert is_telling(text.encode()) or (not is_secret_name(name) and scrubbed(text) is text)
