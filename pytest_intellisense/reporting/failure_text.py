"""The text of a failed plan: whose fault, which check, where in the plan, what came instead, and where the time went.

The whole answer fits the screen: 30 lines of at most `width` columns; `verbose` 2 (`-vv`) lifts the limit on lines.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pytest_intellisense.reporting.difference import Difference, difference, duration
from pytest_intellisense.reporting.failures import Failure, failed_outcomes, primary_failure
from pytest_intellisense.reporting.lines import Line, Piece, clipped, in_ascii, line, printable
from pytest_intellisense.reporting.rows import OutcomeRow, PipelineRow, PlanRow, StepRow
from pytest_intellisense.reporting.waterfall import waterfall_lines

LINES = 30
NEAR_MISSES = 3
DETAIL_LINES = 2
ERROR_LINES = 5
LOSS_NOTES = 3


def failure_lines(row: PlanRow, *, width: int = 100, unicode: bool = True, verbose: int = 0) -> list[Line]:
    """The failure of `row`; `unicode` False replaces every mark and bar by seven bits."""
    failures = failed_outcomes(row)
    broken = next((step for step in row["steps"] if step["error"]), None)
    primary = primary_failure(row)
    step = primary[0] if primary else broken
    body = [
        *_headline(row, width),
        *_where(row, primary, step, width),
        *(_compared(*primary, row["sentence"], width, verbose) if primary else []),
        *_error(row, step, width),
        *_loss(row, width),
        *(_pipeline(step, row["fault"], width, verbose) if step and step["pipeline"] else []),
    ]
    foot = [*_counts(row), *_foot(row, step, width)]
    rest = [failure for failure in failures if failure is not primary] if verbose > 1 else _once_each(failures, primary)
    room = len(rest) + 2 if verbose > 1 else max(LINES - len(body) - len(foot), 3)
    lines = [*body, *_others(row, rest, room, width, verbose), *foot]
    return lines if unicode else in_ascii(lines)


def one_line(row: PlanRow) -> str:
    """The failure in one line without its domain's colours: for the short summary, annotations and titles."""
    primary = primary_failure(row)
    at = f" ({row['plan_path']}:{primary[1]['line']})" if primary and primary[1]["line"] else ""
    return printable(f"{row['fault'] or 'FAILED'} {row['sentence'] or row['verdict']}{at}")


def _once_each(failures: list[Failure], primary: Failure | None) -> list[Failure]:
    """The failures beside the primary one, a validation that fails in several repetitions by its first."""
    first: dict[tuple[str, str], Failure] = {}
    for step, outcome in failures:
        first.setdefault((step["step_id"], outcome["validation_id"]), (step, outcome))
    if primary:
        first.pop((primary[0]["step_id"], primary[1]["validation_id"]), None)
    return list(first.values())


def _headline(row: PlanRow, width: int) -> list[Line]:
    fault = row["fault"] or "FAILED"
    sentence = printable(row["sentence"]) or row["verdict"]
    first, *more = textwrap.wrap(sentence, width - len(fault) - 2) or [""]
    return [
        line(Piece(f"{fault}  {first}", "red")),
        *(line(Piece(" " * (len(fault) + 2) + text, "red")) for text in more[:3]),
        line(""),
    ]


def _where(row: PlanRow, primary: Failure | None, step: StepRow | None, width: int) -> list[Line]:
    outcome = primary[1] if primary else None
    place = outcome if outcome and outcome["line"] else step
    at = f"{place['line']}:{place['column']}" if place and place["line"] else f"{row['line']}"
    what = f"  {outcome['validation_id']}  {_expectation(outcome)}" if outcome else ""
    start = f"  {printable(row['plan_path'])}:{at}"
    lines = [line(Piece(start, "bold"), clipped(printable(what), width - len(start)))]
    if step:
        lines.append(line(clipped(f"  {_step_words(row, step, outcome)}", width)))
    return lines


def _expectation(outcome: OutcomeRow) -> str:
    return f"{outcome['type']} {outcome['subject']}".strip()


def _step_words(row: PlanRow, step: StepRow, outcome: OutcomeRow | None) -> str:
    repeats = [other for other in row["steps"] if other["step_id"] == step["step_id"]]
    which = f"step {step['step_id']}"
    if len(repeats) > 1:
        which += f" repeat {step['repeat_index'] + 1} of {len(repeats)}{_also_in(repeats, outcome)}"
    return printable(f"{which}: {step['stimulus_type']} {step['stimulus']}".rstrip())


def _also_in(repeats: list[StepRow], outcome: OutcomeRow | None) -> str:
    if outcome is None:
        return ""
    times = sum(
        1
        for step in repeats
        for other in step["validation_outcomes"]
        if other["validation_id"] == outcome["validation_id"] and not other["passed"]
    )
    return f" (fails in {times} of {len(repeats)})" if times > 1 else ""


def _compared(step: StepRow, outcome: OutcomeRow, sentence: str, width: int, verbose: int) -> list[Line]:
    arrived = _arrived(step["pipeline"]) if outcome["fault"] == "MISSING" and step["pipeline"] else None
    if arrived:
        lines = arrived
    elif outcome["expected"] is None and outcome["actual"] is None:
        lines = []
    else:
        lines = _in_full(difference(outcome), width) if verbose > 1 else _aligned(difference(outcome), width)
    told = "" if outcome["details"] in sentence else printable(outcome["details"])
    return [*lines, *(line(Piece(f"E   {part}", "red")) for part in textwrap.wrap(told, width - 4)[:DETAIL_LINES])]


def _arrived(pipeline: PipelineRow) -> list[Line]:
    """For a stage that did not come, what did is more than "expected true, actual false"."""
    required = [stage for stage in pipeline["stages"] if not stage["absent"] and not stage["optional"]]
    missing = next((stage for stage in required if not stage["arrived"]), None)
    if missing is None:
        return []
    arrived = [stage for stage in required if stage["arrived"]]
    last = f", the last {arrived[-1]['name']} after {duration(arrived[-1]['at_ns'])}" if arrived else ""
    return [
        line("E   expected  ", Piece(printable(f"{missing['name']} ({missing['event_type']})"), "green")),
        line("E   actual    ", Piece(printable(f"{len(arrived)} of {len(required)} stages arrived{last}"), "red")),
    ]


def _aligned(found: Difference, width: int) -> list[Line]:
    """Expected and actual below each other, cut to the place where they first differ, and a caret there."""
    room = width - len("E   expected  ")
    at = found.first_differing
    begin = max(0, at - room // 2) if at is not None and max(len(found.expected), len(found.actual)) > room else 0
    expected, actual = (_window(printable(text), begin, room) for text in (found.expected, found.actual))
    note = f"      {found.note}" if found.note and len(actual) + 6 + len(found.note) <= room else ""
    lines = [
        line("E   expected  ", Piece(expected, "green")),
        line("E   actual    ", Piece(actual, "red"), note),
    ]
    if at is not None:
        lines.append(line("E             ", Piece(" " * (at - begin) + "^", "red")))
    if found.note and not note:
        lines.append(line(clipped(f"E             {found.note}", width)))
    return lines


def _in_full(found: Difference, width: int) -> list[Line]:
    lines = []
    for label, text, style in (("expected", found.expected, "green"), ("actual  ", found.actual, "red")):
        first, *more = textwrap.wrap(printable(text), width - 14, drop_whitespace=False) or [""]
        lines += [line(f"E   {label}  ", Piece(first, style)), *(line("E             ", Piece(part, style)) for part in more)]  # type: ignore[arg-type]
    return [*lines, line(f"E             {found.note}")] if found.note else lines


def _window(text: str, begin: int, room: int) -> str:
    cut = text[begin : begin + room]
    cut = "…" + cut[1:] if begin else cut
    return cut[:-1] + "…" if len(text) > begin + room else cut


def _error(row: PlanRow, step: StepRow | None, width: int) -> list[Line]:
    if step is None or not step["error"] or step["error"] in row["sentence"]:
        return []
    return [line(Piece(f"E   {part}", "red")) for part in textwrap.wrap(printable(step["error"]), width - 4)[:ERROR_LINES]]


def _loss(row: PlanRow, width: int) -> list[Line]:
    if row["fault"] != "LOSS":
        return []
    counted = f"{row['lost_events']} events lost" if row["loss_measurable"] else "loss could not be measured"
    return [
        line(f"E   {counted}"),
        *(line(clipped(f"E     {printable(note)}", width)) for note in row["loss_notes"][:LOSS_NOTES]),
    ]


def _pipeline(step: StepRow, fault: str | None, width: int, verbose: int) -> list[Line]:
    pipeline = step["pipeline"]
    if pipeline is None:
        return []
    wrong = {
        outcome["stage"] for outcome in step["validation_outcomes"] if not outcome["passed"] and outcome["fault"] == "VALUE"
    }
    return [
        line(""),
        *waterfall_lines(pipeline, width=width, wrong=wrong, blame_slowest=fault == "LATENCY"),
        *_near_misses(pipeline, width, verbose),
        *(_events(step, width) if verbose > 1 else []),
    ]


def _near_misses(pipeline: PipelineRow, width: int, verbose: int) -> Iterator[Line]:
    misses = pipeline["near_misses"]
    if not misses:
        return
    shown = misses if verbose > 1 else misses[:NEAR_MISSES]
    of = f" ({len(shown)} of {len(misses)})" if len(shown) < len(misses) else ""
    yield line(f"  nearest events{of}")
    for miss in shown:
        at = f"+{duration(miss['at_ns'])}" if miss["at_ns"] is not None else "?"
        yield line(clipped(f"    {at:>9}  {miss['stream']} {miss['entry_id']}  {printable(miss['summary'])}", width))
        if miss["differs"]:
            yield line("               ", Piece(clipped(printable(miss["differs"]), width - 15), "yellow"))


def _events(step: StepRow, width: int) -> Iterator[Line]:
    yield line(f"  {len(step['events'])} events of the step")
    for event in step["events"]:
        at = f"+{duration(event['at_ns'])}" if event["at_ns"] is not None else "?"
        yield line(
            clipped(f"    {at:>9}  {event['event_type']}  by {event['joined_by']}  {printable(event['payload'])}", width)
        )


def _others(row: PlanRow, rest: list[Failure], room: int, width: int, verbose: int) -> Iterator[Line]:
    """The other failed validations, one line each, in full with -vv; the first line is empty."""
    if not rest:
        return
    yield line("")
    shown = rest if len(rest) < room - 1 else rest[: max(room - 2, 1)]
    for step, outcome in shown:
        at = f"{outcome['line']}:{outcome['column']}" if outcome["line"] else f"{row['line']}"
        start = f"  {printable(row['plan_path'])}:{at}"
        times = (
            "" if verbose > 1 else _also_in([other for other in row["steps"] if other["step_id"] == step["step_id"]], outcome)
        )
        said = f"  {outcome['fault'] or 'FAILED'} {outcome['validation_id']}{times}: {_said(outcome)}"
        yield line(Piece(start, "bold"), Piece(clipped(printable(said), width - len(start)), "red"))
        if verbose > 1:
            yield from _compared(step, outcome, "", width, verbose)
            yield from _pipeline(step, outcome["fault"], width, verbose=1)
    if len(shown) < len(rest):
        yield line(Piece(f"  … and {len(rest) - len(shown)} more (-vv shows all)", "light"))


def _said(outcome: OutcomeRow) -> str:
    found = difference(outcome)
    return outcome["details"] or f"expected {found.expected}, got {found.actual}"


def _counts(row: PlanRow) -> Iterator[Line]:
    outcomes = [outcome for step in row["steps"] for outcome in step["validation_outcomes"]]
    if not outcomes:
        return
    passed = sum(outcome["passed"] for outcome in outcomes)
    unsure = sum(outcome["inconclusive"] for outcome in outcomes)
    words = [f"{passed} passed", f"{len(outcomes) - passed - unsure} failed", f"{unsure} inconclusive"]
    yield line("")
    noun = "validation" if len(outcomes) == 1 else "validations"
    yield line(f"  {len(outcomes)} {noun}: {', '.join(word for word in words if not word.startswith('0 '))}")


def _foot(row: PlanRow, step: StepRow | None, width: int) -> Iterator[Line]:
    hint = row["hint"] or (step["hint"] if step else "")
    for at, part in enumerate(textwrap.wrap(printable(hint), width - 11)[:3]):
        yield line(Piece("  hint     " if at == 0 else "           ", "yellow"), part)
    if step and step["correlation_id"]:
        yield line(f"  traced   {printable(step['correlation_id'])}")
    if step and step["images"]:
        image = step["images"][-1]
        yield line(f"  image    {printable(row['session_dir'])}/{image['path']}  ({image['kind']})")
    yield line(f'  rerun    pytest "{printable(row["nodeid"])}"')
