"""Whatever was done to a log: what is sound is read, what is not is counted, and `verify` says so with 3 or 1."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.written_session import WrittenSession, fills, screens

from pytest_intellisense.capture import log_text, reader
from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.survey import survey_of
from pytest_intellisense.cli.main import main
from pytest_intellisense.cli.survey_text import exit_code_of
from pytest_intellisense.codec.log_lines import lines_of as numbered

LINES = 8
SOME_OR_ALL = [pytest.param(5, id="every fifth byte"), pytest.param(1, marks=pytest.mark.long, id="every byte")]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """broker.jsonl of a sound session of eight fills."""
    return fills(tmp_path, LINES) / "broker.jsonl"


def verified(log: Path) -> tuple[int, list[int]]:
    """The exit code of `verify`, and the numbers of the events that a reader gets."""
    return main(["verify", str(log.parent)]), [event.payload["number"] for event in read_session(log.parent)]


def surveyed(log: Path) -> tuple[int, list[int]]:
    """The same without the command line, for hundreds of cases."""
    session, numbers = read_session(log.parent), []
    survey = survey_of(session)
    for record in session.records():
        survey.add(record)
        numbers.append(record.event.payload["number"])
    survey.finish()
    return exit_code_of(survey), numbers


def chance(step: int) -> int:
    first = random.randrange(step)
    print(f"beginning with byte {first}")
    return first


def begins(whole: bytes) -> list[int]:
    """Where the lines begin, and where the last one ends."""
    return [0, *(at + 1 for at, byte in enumerate(whole) if byte == 10)]


def cut_after(log: Path, step: int) -> None:
    """At the line ends, and at every so many bytes, of the last three lines."""
    whole = log.read_bytes()
    starts = begins(whole)
    for end in sorted({*starts[-4:-1], *range(starts[-4] + chance(step), len(whole), step)}):
        log.write_bytes(whole[:end])
        left = sum(start <= end for start in starts) - 1
        assert surveyed(log) == (3, list(range(left))), f"cut at {end}"


def flip(log: Path, step: int) -> None:
    """Every so many bytes of the fourth line."""
    whole = log.read_bytes()
    begin, end = begins(whole)[3:5]
    for at in range(begin + chance(step), end - 1, step):
        log.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert surveyed(log) == (3, [0, 1, 2, 4, 5, 6, 7]), f"flipped at {at}: {whole[at : at + 1]!r}"


def test_a_sound_log_is_complete(log: Path) -> None:
    """The control: without damage there is none."""
    assert verified(log) == (0, list(range(LINES)))


@pytest.mark.parametrize("step", SOME_OR_ALL)
def test_cut_anywhere(log: Path, step: int) -> None:
    """All whole lines remain, and 3 is said, also at the end of a line."""
    cut_after(log, step)


def test_a_cut_needs_what_session_json_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a reader that does not compare the counts would not see a cut at the end of a line."""
    monkeypatch.setattr(reader, "mistakes_in", lambda _facts: ("not compared",))
    log = fills(tmp_path, LINES, counts={}) / "broker.jsonl"
    with pytest.raises(AssertionError, match="cut at"):
        cut_after(log, 5)


@pytest.mark.parametrize("step", SOME_OR_ALL)
def test_any_flipped_byte(log: Path, step: int) -> None:
    """The seven other lines remain, and 3 is said."""
    flip(log, step)


def test_a_flipped_byte_needs_the_checksum(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a reader that trusts what it reads would not see all of them."""

    def trusting(line: bytes) -> tuple[int, bytes]:
        head, _, text = line.partition(b'"event":')
        return int(head[7:].partition(b",")[0]), text[:-2]

    monkeypatch.setattr(log_text, "read_line", trusting)
    with pytest.raises((AssertionError, ValueError)):
        flip(log, 5)


def lines_of(whole: bytes) -> list[bytes]:
    return whole.splitlines(keepends=True)


def swapped(whole: bytes) -> bytes:
    lines = lines_of(whole)
    return b"".join([*lines[:2], lines[3], lines[2], *lines[4:]])


def with_record(text: bytes) -> Callable[[bytes], bytes]:
    """The third line replaced by another one that has a right checksum."""
    return lambda whole: b"".join([*lines_of(whole)[:2], numbered([text], 2), *lines_of(whole)[3:]])


DEEP = (
    b'{"entry":'
    + b"[" * 100_000
    + b"]" * 100_000
    + b',"redis_stream_event_id":"1-0","global_sequence_id":0,"redis_stream":"s",'
    b'"clock_domain":null,"received_ns":1,"received_epoch_ns":1,"generation":0}'
)
ALL = list(range(LINES))
NAMED = {
    "torn last record": (lambda whole: whole[:-9], ALL[:-1], "torn tail"),
    "zeros after a power loss": (lambda whole: whole + bytes(4096), ALL, "torn tail"),
    "zeros over the last line": (lambda whole: whole[:-50] + bytes(50), ALL[:-1], "torn tail"),
    "bad header": (lambda whole: b"\0" * 20 + whole[20:], ALL[1:], "damaged line"),
    "bad number": (lambda whole: whole.replace(b'{"seq":3,', b'{"seq":9,'), [0, 1, 2, 4, 5, 6, 7], "damaged line"),
    "bad checksum": (lambda whole: whole.replace(b'"crc":"', b'"crc":"f', 1), ALL[1:], "damaged line"),
    "bad kind of record": (with_record(b'{"reason":"no event"}'), [0, 1, 3, 4, 5, 6, 7], "damaged line"),
    "no record": (with_record(b"[]"), [0, 1, 3, 4, 5, 6, 7], "damaged line"),
    "deep nesting": (with_record(b"[" * 100_000 + b"]" * 100_000), [0, 1, 3, 4, 5, 6, 7], "damaged line"),
    "deep nesting of an entry": (with_record(DEEP), [0, 1, 3, 4, 5, 6, 7], "damaged line"),
    "two lines in one": (lambda whole: whole.replace(b"\n", b" ", 1), ALL[2:], "damaged line"),
    "a line in two": (lambda whole: whole[:40] + b"\n" + whole[40:], ALL[1:], "damaged line"),
    "lines taken out": (lambda whole: b"".join(lines_of(whole)[:2] + lines_of(whole)[4:]), [0, 1, 4, 5, 6, 7], "missing line"),
    "wrong order": (swapped, ALL, "out of order"),
    "a foreign line": (lambda whole: b"hello\n" + whole, ALL, "damaged line"),
    "emptied": (lambda _whole: b"", [], "missing line"),
}


@pytest.mark.parametrize(("change", "numbers", "what"), NAMED.values(), ids=list(NAMED))
def test_named_corruptions(
    log: Path, capsys: pytest.CaptureFixture[str], change: Callable[[bytes], bytes], numbers: list[int], what: str
) -> None:
    """What disks, power losses and people do to files; each place is named as file:line."""
    log.write_bytes(change(log.read_bytes()))
    code, read = verified(log)
    assert (code, sorted(read)) == (3 if numbers else 1, numbers)
    shown = capsys.readouterr().out
    assert what in shown
    assert f"{log}:" in shown


def test_a_log_that_is_gone(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """session.json knows that it was there."""
    log.unlink()
    assert verified(log) == (1, [])
    assert "8 lines are missing" in capsys.readouterr().out


def test_a_line_twice_does_no_harm(log: Path) -> None:
    """An entry that was delivered again is one event."""
    lines = lines_of(log.read_bytes())
    log.write_bytes(b"".join([*lines[:4], lines[2], *lines[4:]]))
    assert verified(log) == (0, ALL)


def test_an_entry_with_two_contents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first one counts, and the contradiction is damage; the same content again is none."""
    with WrittenSession(tmp_path) as session:
        for entry_id, price in (("1-0", 10), ("2-0", 20), ("1-0", 11), ("3-0", 30)):
            session.say(payload={"number": price}, entry_id=entry_id)
    assert verified(session.directory / "broker.jsonl") == (3, [10, 20, 30])
    assert "1 contradiction" in capsys.readouterr().out


def test_late_entries_are_not_mistaken_for_repeats(tmp_path: Path) -> None:
    """Ids out of their order, again, and of a stream that was made anew: each (stream, id) of a generation once."""
    ids = [("5-0", 0), ("6-0", 0), ("1-0", 0), ("2-0", 0), ("5-0", 0), ("1-0", 0), ("1-0", 1), ("2-0", 1), ("1-0", 1)]
    with WrittenSession(tmp_path) as session:
        for entry_id, generation in ids:
            session.say(payload={"number": 0}, entry_id=entry_id, generation=generation)
    records = list(read_session(session.directory).records())
    assert [(one.event.entry_id, one.generation) for one in records] == list(dict.fromkeys(ids))


@pytest.mark.parametrize("kind", ["pipe", "device", "link", "directory"])
def test_what_is_no_file_is_not_opened(log: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A log that is a pipe would block a reader for ever, a device would never end, a link leads out of the session."""
    log.rename(log.with_name("elsewhere"))
    match kind:
        case "pipe":
            os.mkfifo(log)
        case "device":
            log.symlink_to("/dev/zero")
        case "link":
            log.symlink_to(log.with_name("elsewhere"))
        case _:
            log.mkdir()
    assert verified(log) == (1, [])
    assert "broker.jsonl: is a link, pipe or device and was not opened" in capsys.readouterr().out


def test_a_broken_session_json(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The events are read all the same; what cannot be known is said."""
    (log.parent / "session.json").write_bytes(b"{")
    assert verified(log) == (3, ALL)
    assert "session.json cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        ({"counts": {"broker.jsonl": 5}}, "broker.jsonl: 3 lines are there that session.json did not count"),
        ({"counts": {}}, "broker.jsonl: 8 lines are there that session.json did not count"),
        ({"counts": {"broker.jsonl": 8, "price.jsonl": 2}}, "price.jsonl: 2 lines are missing at the end"),
        ({"counts": {"broker.jsonl": 8, "fills.jsonl": 2}}, "session.json: it counts lines of logs that are none: fills.jsonl"),
        ({"counts": {"broker.jsonl": "8"}}, "session.json: its counts of lines cannot be read"),
        ({"counts": None}, "session.json: its counts of lines cannot be read"),
        ({"losses": "no"}, "losses      unknown"),
        ({"losses": {"lost": -5, "measurable": "x"}}, "losses      unknown"),
        ({"losses": {"lost": True, "measurable": True}}, "losses      unknown"),
        ({"losses": {"lost": 0}}, "losses      unknown"),
    ],
)
def test_an_edited_session_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edited: dict[str, object], said: str
) -> None:
    """Counts that do not agree with the logs are named, a record of losses that nobody can read is none of no losses."""
    directory = fills(tmp_path, LINES, **edited)
    for command in ("verify", "info", "recover"):
        assert main([command, str(directory)]) == 3
        assert command != "verify" or said in capsys.readouterr().out


@pytest.mark.parametrize("command", ["verify", "info", "recover"])
def test_images_that_are_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Every command that vouches for a session sees that they are; the control: before that it is complete."""
    directory = screens(tmp_path, 3)
    assert main([command, str(directory)]) == 0
    next((directory / "images").iterdir()).unlink()
    capsys.readouterr()
    assert main([command, str(directory)]) == 3
    assert "1 image not as recorded" in capsys.readouterr().out.replace("1 not as recorded", "1 image not as recorded")


def test_a_segment_that_is_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not followed, and said; that lines are missing then is no wonder."""
    directory = screens(tmp_path, 3, 2)
    (directory / "segment-000002").rename(tmp_path / "elsewhere")
    (directory / "segment-000002").symlink_to(tmp_path / "elsewhere")
    for command in ("verify", "search"):
        assert main([command, str(directory)]) == 3
    shown = capsys.readouterr().out
    assert "segment-000002: is a link or a file, no directory of the session, and was not opened" in shown


def test_lines_missing_in_a_segment_in_the_middle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """session.json counts a log through all segments: no log is blamed that may be whole."""
    directory = screens(tmp_path, 3, 3, 3)
    log = directory / "segment-000002" / "image.jsonl"
    log.write_bytes(b"".join(lines_of(log.read_bytes())[:-2]))
    assert main(["verify", str(directory)]) == 3
    said = "2 lines are missing, by the count in session.json, at the end of any of image.jsonl to segment-000003/image.jsonl"
    assert said in capsys.readouterr().out


def test_a_session_of_a_newer_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which format it has, and which are known; every command refuses it, and changes nothing."""
    directory = fills(tmp_path, 1, format=7)
    before = (directory / "session.json").read_bytes()
    for command in ("info", "verify", "recover", "reindex", "search"):
        assert main([command, str(directory)]) == 2
        assert "schema 7, this version knows schema 1" in capsys.readouterr().err
    assert (directory / "session.json").read_bytes() == before


def test_an_unparsed_entry_that_is_damaged_itself(log: Path) -> None:
    """The others are read."""
    unparsed = log.with_name("unparsed.jsonl")
    unparsed.write_bytes(numbered([b'{"reason":"a"}', b"{", b'{"reason":"c"}'], 0))
    session = read_session(log.parent)
    assert [raw["reason"] for raw in session.unparsed()] == ["a", "c"]
    assert str(session.damage.places[0]).startswith("unparsed.jsonl:2: ")
    assert verified(log) == (3, ALL)
