"""The text of a failed plan: whose fault, which check, where in the plan, what came instead, and where the time went.

The whole answer fits the screen: 25 lines of at most `width` columns; `verbose` 2 (`-vv`) lifts the limit on lines.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pytest_intellisense.reporting.comparison_text import compared_lines
from pytest_intellisense.reporting.difference import difference
from pytest_intellisense.reporting.failures import Failure, failed_outcomes, primary_failure, rerun_of
from pytest_intellisense.reporting.lines import Line, Piece, clipped, in_ascii, line, printable
from pytest_intellisense.reporting.pipeline_text import pipeline_lines
from pytest_intellisense.reporting.rows import AttributionRow, OutcomeRow, PlanRow, StepRow

LINES = 25
ERROR_LINES = 5
LOSS_NOTES = 3
HEADLINE_LINES = 3

_ROOMS = ((3, 12), (1, 12), (1, 10), (1, 8), (1, 6), (0, 5))
"""How many nearest events and stages are shown, from generous to tight."""
_ALL = (1_000, 1_000)
_FIRST_WRONG = {"LATENCY": "the time went at", "EXTRA": "caused at"}


def failure_lines(row: PlanRow, *, width: int = 100, unicode: bool = True, verbose: int = 0) -> list[Line]:
    """The failure of `row`; `unicode` False replaces every mark and bar by seven bits."""
    if verbose > 1:
        lines = _lines(row, width, verbose, _ALL)
    else:
        tries = [_lines(row, width, verbose, room) for room in _ROOMS]
        lines = next((one for one in tries if len(one) <= LINES), tries[-1])
    return lines if unicode else in_ascii(lines)


def _lines(row: PlanRow, width: int, verbose: int, room: tuple[int, int]) -> list[Line]:
    failures, primary = failed_outcomes(row), primary_failure(row)
    step = primary[0] if primary else next((step for step in row["steps"] if step["error"]), None)
    body = [
        *_headline(row, width),
        *_where(row, primary, step, width),
        *(compared_lines(*primary, row["sentence"], width, verbose) if primary else []),
        *_error(row, step, width),
        *_loss(row, width),
        *(_pipeline(step, primary[1] if primary else None, width, room, verbose) if step else []),
    ]
    foot = [*_counts(row), *_foot(row, step, width)]
    rest = [failure for failure in failures if failure is not primary] if verbose > 1 else _once_each(failures, primary)
    left = len(rest) + 2 if verbose > 1 else max(LINES - len(body) - len(foot), 3)
    return [*body, *_others(row, rest, left, width, verbose), *foot]


def _pipeline(step: StepRow, outcome: OutcomeRow | None, width: int, room: tuple[int, int], verbose: int) -> list[Line]:
    near_misses, stages = room
    return pipeline_lines(step, outcome, width=width, near_misses=near_misses, stages=stages, events=verbose > 1)


def one_line(row: PlanRow) -> str:
    """The failure in one line without its domain's colours: for the short summary, annotations and titles.

    pytest cuts it at the edge of the terminal, so the stage comes first.
    """
    primary = primary_failure(row)
    at = f" ({row['plan_path']}:{primary[1]['line']})" if primary and primary[1]["line"] else ""
    wrong = " or ".join(row["attribution"]["candidates"]) if "attribution" in row else ""
    sentence = row["sentence"] or row["verdict"]
    first = f"at {wrong}: " if wrong and not sentence.startswith(wrong) else ""
    return printable(f"{row['fault'] or 'FAILED'} {first}{sentence}{at}")


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
    sentence, where = row["sentence"] or row["verdict"], _first_wrong(row.get("attribution"), row["sentence"])
    if where:  # where it went wrong stands on the first line in any case
        fits = len(sentence) + len(where) + len(fault) + 4 <= width
        sentence = f"{sentence}; {where}" if fits else f"{where}: {sentence}"
    sentence = printable(sentence)
    first, *more = textwrap.wrap(sentence, width - len(fault) - 2) or [""]
    return [
        line(Piece(f"{fault}  {first}", "red")),
        *(line(Piece(" " * (len(fault) + 2) + text, "red")) for text in more[: HEADLINE_LINES - 1]),
        line(""),
    ]


def _first_wrong(attribution: AttributionRow | None, sentence: str) -> str:
    """Where it went wrong, unless the sentence says just that."""
    if attribution is None or not attribution["candidates"]:
        return ""
    names = " or ".join(attribution["candidates"])
    words = _FIRST_WRONG.get(attribution["domain"], "first wrong at")
    return "" if sentence.startswith(names) and attribution["domain"] == "MISSING" else f"{words} {names}"


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
            yield from compared_lines(step, outcome, "", width, verbose)
            yield from _pipeline(step, outcome, width, _ALL, verbose=1)
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
    yield line(f"  rerun    {printable(rerun_of(row))}")
