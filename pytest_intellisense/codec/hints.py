"""What an entry can hold, told by its bytes: looking into every value for what is not there would cost most of the time."""

from __future__ import annotations

from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.limits import LONGEST_VALUE
from pytest_intellisense.codec.pictures import IMAGE_FIELDS
from pytest_intellisense.codec.redaction import is_telling

_IMAGE_NAMES = tuple(name.encode() for name in sorted(IMAGE_FIELDS))
_REFERENCES = (b"{bulk_ref:", b"binary_blob:")
_SPELT_OTHERWISE = b"\\u00"
"""A letter of a name may be written by its number."""
_FEW_LEVELS = 100
"""What is nested deeper than this is gone through, so that too deep a nesting is met here and not by whoever writes it."""


class Hints:
    """Each is True where the entry may hold such a thing; all are, where the bytes do not say (`unpacked`: a packed body)."""

    def __init__(self, entry: Entry, *, unpacked: bool) -> None:
        fields = entry.fields
        length = sum(map(len, fields.values()))
        if unpacked or length > LONGEST_VALUE:
            self.images = self.references = self.secrets = self.size = True
            return
        text = b"\n".join([*fields, *fields.values()])
        unclear = _SPELT_OTHERWISE in text
        self.images = unclear or any(name in text for name in _IMAGE_NAMES)
        self.references = unclear or any(start in text for start in _REFERENCES)
        self.secrets = is_telling(text)
        self.size = text.count(b"[") + text.count(b"{") > _FEW_LEVELS
