"""Every shape of a reply to XREAD and XREADGROUP is read alike."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_intellisense.streams import replies
from pytest_intellisense.streams.replies import entries_of

FIELDS = {b"f": b"v"}
EXPECTED = [("s", [("1-1", FIELDS), ("1-2", FIELDS)])]


@pytest.mark.parametrize(
    "reply",
    [
        [[b"s", [(b"1-1", FIELDS), (b"1-2", FIELDS)]]],
        {b"s": [[(b"1-1", FIELDS), (b"1-2", FIELDS)]]},
        {b"s": [(b"1-1", FIELDS), (b"1-2", FIELDS)]},
        {b"s": [[b"1-1", [b"f", b"v"]], [b"1-2", [b"f", b"v"]]]},
        [[b"s", [[b"1-1", [b"f", b"v"], 5, 1], [b"1-2", [b"f", b"v"], 5, 1]]]],
    ],
    ids=["list", "dict with one more list", "dict", "raw", "with claim figures"],
)
def test_entries_come_out_of_every_shape(reply: Any) -> None:
    """Lists and dicts, parsed and raw, with and without the figures of a claim."""
    assert entries_of(reply) == EXPECTED


@pytest.mark.parametrize("reply", [None, [], {}])
def test_nothing_is_nothing(reply: Any) -> None:
    """A read that timed out."""
    assert entries_of(reply) == []


@pytest.mark.parametrize("fields", [None, {}, []])
def test_a_deleted_entry_has_no_fields(fields: Any) -> None:
    """It was delivered and then deleted before it was read."""
    assert entries_of([[b"s", [(b"1-1", fields)]]]) == [("s", [("1-1", {})])]


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ([b"f", b"1", b"f", b"2"], {b"f": b"2", b"f#1": b"1"}),
        ([b"f", b"1", b"f", b"2", b"g", b"3", b"f", b"4"], {b"f": b"4", b"f#1": b"1", b"f#2": b"2", b"g": b"3"}),
    ],
)
def test_raw_fields_may_repeat_a_name(raw: list[bytes], fields: dict[bytes, bytes]) -> None:
    """The last one counts, as with the client's own parser; the earlier ones are not lost."""
    assert entries_of({b"s": [[b"1-1", raw]]}) == [("s", [("1-1", fields)])]
    usual = [b"a", b"1", b"b", b"2"]
    assert entries_of({b"s": [[b"1-0", usual], [b"1-1", raw]]})[0][1][1] == ("1-1", fields)


def test_a_plain_dict_would_lose_the_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the client's own parser keeps one value a name."""
    monkeypatch.setattr(replies, "_with_repeated", dict)
    with pytest.raises(AssertionError):
        test_raw_fields_may_repeat_a_name([b"f", b"1", b"f", b"2"], {b"f": b"2", b"f#1": b"1"})
