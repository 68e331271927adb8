"""What a survey found, as lines for people, as JSON, and as an exit code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_intellisense.capture.damage import Damage
from pytest_intellisense.capture.facts import LOSSES_MISTAKE, part_of, whole_number
from pytest_intellisense.capture.paths import SESSION_FILE
from pytest_intellisense.capture.state import SessionState
from pytest_intellisense.cli.counted import counted
from pytest_intellisense.cli.exits import COMPLETE, NOTHING_READABLE, READABLE_WITH_LOSSES
from pytest_intellisense.cli.session_times import duration_text, utc_text
from pytest_intellisense.housekeeping.units import size_text

if TYPE_CHECKING:
    from pytest_intellisense.capture.survey import OnDisk, Survey

_MOST_TYPES = 6


def exit_code_of(survey: Survey) -> int:
    if not survey.readable:
        return NOTHING_READABLE
    return COMPLETE if survey.complete else READABLE_WITH_LOSSES


def state_text(survey: Survey) -> str:
    pid = survey.facts.get("pid", "?")
    match survey.state:
        case SessionState.RECORDING:
            return f"is recording now (pid {pid})"
        case SessionState.KILLED:
            return f"was killed: nobody records it, and it was not ended (it was pid {pid}); `intellisense recover` ends it"
        case SessionState.UNKNOWN:
            return f"unknown ({survey.facts_problem or 'session.json does not say'})"
        case SessionState.FAILED if survey.facts.get("reason"):
            return f"failed: {survey.facts['reason']}"
        case _:
            return str(survey.state)


def info_lines(survey: Survey, disk: OnDisk) -> Iterator[str]:
    facts = survey.facts
    yield f"session     {facts.get('session_id', survey.session.directory.name)}"
    yield f"state       {state_text(survey)}"
    if survey.first_epoch_ns is not None and survey.last_epoch_ns is not None:
        first, last = utc_text(survey.first_epoch_ns), utc_text(survey.last_epoch_ns)
        yield f"recorded    {first} to {last} ({duration_text(survey.duration_s)}) on {facts.get('host', '?')}"
    streams = facts.get("streams")
    number = len(streams) if isinstance(streams, list) else 0
    yield f"from        {facts.get('redis', '?')}, {counted(number, 'stream')}, contract {_generation(survey)}"
    yield f"durability  {facts.get('durability', '?')}"
    yield f"events      {survey.events:,}{_rate(survey)}{_correlated(survey)}"
    for sense, types in sorted(survey.by_sense.items(), key=lambda item: -item[1].total()):
        shown = [f"{name} {number:,}" for name, number in types.most_common(_MOST_TYPES)]
        more = f", {len(types) - _MOST_TYPES} more types" if len(types) > _MOST_TYPES else ""
        yield f"  {sense:17} {types.total():>9,}  {', '.join(shown)}{more}"
    if survey.unparsed:
        yield f"unparsed    {survey.unparsed:,} entries that could not be read as events, raw in unparsed.jsonl"
    yield f"images      {counted(disk.images, 'file')}, {size_text(disk.image_bytes)}"
    yield f"on disk     {_logs(disk)}"
    yield from loss_lines(survey)
    yield f"damage      {survey_damage_text(survey)}"
    versions = part_of(facts, "versions")
    yield f"versions    {', '.join(f'{name} {number}' for name, number in versions.items()) or '?'}"


def loss_lines(survey: Survey) -> Iterator[str]:
    if LOSSES_MISTAKE in survey.mistakes:
        text = f"unknown, {survey.lost:,} at least: what {SESSION_FILE} says of them cannot be read"
    elif survey.loss_possible:
        text = f"{survey.lost:,} entries at least; how many more, cannot be measured"
    else:
        text = f"{survey.lost:,} {'entry' if survey.lost == 1 else 'entries'}" if survey.lost else "none"
    ended = survey.state in (SessionState.COMPLETE, SessionState.FAILED, SessionState.RECOVERED)
    yield f"losses      {text}{'' if ended else f' so far, by {_known_by(survey)}'}"
    yield from (f"  {note}" for note in _gap_notes(survey))
    if dropped := whole_number(part_of(survey.facts, "dropped"), "segments"):
        yield f"dropped     {dropped:,} segments on purpose, far from any wanted event"
    recovery = part_of(survey.facts, "recovery")
    if cut := whole_number(recovery, "torn_bytes"):
        yield f"cut off     {cut:,} bytes of torn tails, when it was recovered; they are kept beside the logs"


def survey_damage_text(survey: Survey) -> str:
    """Also of the images, and of what session.json says."""
    images = [f"{counted(survey.images.problems, 'image')} not as recorded"] if survey.images.problems else []
    lines = damage_text(survey.damage)
    said = [f"{SESSION_FILE}: {mistake}" for mistake in survey.mistakes]
    return ", ".join([*([] if lines == "none" else [lines]), *images, *said]) or "none"


def damage_text(damage: Damage) -> str:
    found = (
        (damage.torn_tails, "torn tail", ""),
        (damage.damaged_lines, "damaged line", ""),
        (damage.missing_lines, "missing line", ""),
        (damage.displaced_lines, "line", " out of order"),
        (damage.uncounted_lines, "line", " not counted in session.json"),
        (damage.contradictions, "contradiction", ""),
        (damage.unreadable_files, "unreadable file", ""),
    )
    texts = [f"{counted(number, noun)}{rest}" for number, noun, rest in found if number]
    if damage.repeats:
        texts.append(f"{damage.repeats:,} repeated (harmless)")
    return ", ".join(texts) or "none"


def as_json(survey: Survey, disk: OnDisk) -> dict[str, Any]:
    """Times are nanoseconds since 1970, sizes bytes."""
    damage = survey.damage
    return {
        "session_id": survey.facts.get("session_id", survey.session.directory.name),
        "state": str(survey.state),
        "complete": survey.complete,
        "events": survey.events,
        "correlated": survey.correlated,
        "with_image": survey.with_image,
        "unparsed": survey.unparsed,
        "first_epoch_ns": survey.first_epoch_ns,
        "last_epoch_ns": survey.last_epoch_ns,
        "by_sense": {sense: dict(types) for sense, types in survey.by_sense.items()},
        "lost": survey.lost,
        "loss_measurable": not survey.loss_possible,
        "damage": {
            "torn_tails": damage.torn_tails,
            "damaged_lines": damage.damaged_lines,
            "missing_lines": damage.missing_lines,
            "displaced_lines": damage.displaced_lines,
            "contradictions": damage.contradictions,
            "unreadable_files": damage.unreadable_files,
            "repeats": damage.repeats,
            "uncounted_lines": damage.uncounted_lines,
            "images": survey.images.problems,
            "session_json": list(survey.mistakes),
            "places": [str(place) for place in survey.places],
        },
        "segments": disk.segments,
        "logs": disk.logs,
        "compressed_logs": disk.compressed_logs,
        "log_bytes": disk.log_bytes,
        "images": disk.images,
        "image_bytes": disk.image_bytes,
        "facts": dict(survey.facts),
    }


def _gap_notes(survey: Survey) -> Iterator[str]:
    """The gaps as they stand in the log; those of session.json where the log has none."""
    for gap in survey.loss.first:
        note = gap.payload.get("note") if isinstance(gap.payload, Mapping) else gap.payload
        yield f"{utc_text(gap.received_epoch_ns)}  {gap.stream}{': ' if gap.stream else ''}{note}"
    if (more := survey.loss.gaps - len(survey.loss.first)) > 0:
        yield f"and {more:,} gaps more; `intellisense search --type CAPTURE_GAP` has all"
    notes = part_of(survey.facts, "losses").get("notes")
    if not survey.loss.first and isinstance(notes, list):
        yield from map(str, notes)


def _known_by(survey: Survey) -> str:
    counted_ns = whole_number(survey.facts, "losses_epoch_ns")
    return f"the count at {utc_text(counted_ns)} and the gaps in the log" if counted_ns else "the gaps in the log"


def _generation(survey: Survey) -> str:
    return str(survey.facts.get("contract_generation") or "not known")


def _rate(survey: Survey) -> str:
    return f" ({survey.events / survey.duration_s:,.1f}/s)" if survey.duration_s > 0 else ""


def _correlated(survey: Survey) -> str:
    return f", {100 * survey.correlated / survey.events:.1f} % correlated" if survey.events else ""


def _logs(disk: OnDisk) -> str:
    compressed = f", {disk.compressed_logs} of them compressed" if disk.compressed_logs else ""
    segments = f" in {disk.segments} segments" if disk.segments > 1 else ""
    return f"{counted(disk.logs, 'log')}{segments}{compressed}, {size_text(disk.log_bytes)}"
