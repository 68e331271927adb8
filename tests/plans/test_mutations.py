"""The scenarios, each spoilt by one edit in every way that fits: named at the exact place, with the right suggestion.

Measured over the whole corpus with --long: 100 % exact positions, no other exception, at least 90 % of the one-edit typos
with the right suggestion.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.plan_files import load
from helpers.plan_mutations import KINDS, Mutant, mutants

from pytest_intellisense.codec.problems import PlanFileError

SCENARIOS = Path(__file__).parents[2] / "scenarios"
RIGHT_SUGGESTIONS = 0.9


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(SCENARIOS, tmp_path_factory.mktemp("corpus") / "scenarios"))


def corpus(root: Path, seed: int, times: int) -> Iterator[tuple[Path, Mutant]]:
    """Every mutant once, with the file that it is written to."""
    rng, seen = random.Random(seed), set[str]()
    for path in sorted(root.rglob("*.plan.json")):
        if path.name == "mutant.plan.json":
            continue
        for mutant in mutants(path.read_text(encoding="utf-8"), rng, times):
            if mutant.text not in seen:
                seen.add(mutant.text)
                yield path.with_name("mutant.plan.json"), mutant


def judged(root: Path, seed: int, times: int) -> tuple[Counter[str], Counter[str], list[str]]:
    """Figures, mutants by kind, and what is wrong with the diagnoses."""
    figures, kinds, wrong = Counter[str](), Counter[str](), list[str]()
    for file, mutant in corpus(root, seed, times):
        file.write_text(mutant.text, encoding="utf-8")
        line = mutant.text.count("\n", 0, mutant.at) + 1
        place = (line, mutant.at - mutant.text.rfind("\n", 0, mutant.at))
        try:
            load(file, root)
            problems = []
        except PlanFileError as error:
            problems = error.problems
        finally:
            file.unlink()
        kinds[mutant.kind] += 1
        figures["mutants"] += 1
        exact = {(problem.line, problem.column) for problem in problems} == {place}
        figures["exact"] += exact
        right = bool(problems) and problems[0].suggestion == mutant.meant
        figures["typos"] += mutant.one_edit
        figures["right"] += mutant.one_edit and right
        if not exact or (mutant.one_edit and not right):
            shown = mutant.text.split("\n")[line - 1][max(0, place[1] - 10) : place[1] + 50]
            wrong.append(f"{mutant.kind} {file.parent.name} at {place} {shown!r}: {[str(problem) for problem in problems]}")
    return figures, kinds, wrong


def test_a_sample_of_the_corpus_is_diagnosed(root: Path) -> None:
    """One mutant of every kind for each scenario it fits: exact, and nothing else is accused."""
    figures, kinds, wrong = judged(root, seed=1, times=1)
    assert len(kinds) >= len(KINDS)
    assert figures["mutants"] >= 200
    assert figures["exact"] == figures["mutants"], wrong
    assert figures["right"] >= RIGHT_SUGGESTIONS * figures["typos"], wrong


@pytest.mark.long
def test_the_whole_corpus_is_diagnosed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten seeds, four rounds of every kind each; the figures are printed."""
    total = Counter[str]()
    wrong: list[str] = []
    for seed in range(10):
        figures, _, faults = judged(root, seed, times=4)
        total += figures
        wrong += faults
    exact, right = total["exact"] / total["mutants"], total["right"] / total["typos"]
    with capsys.disabled():
        print(
            f"\n{total['mutants']:,} broken plans: {exact:.2%} exact, {right:.2%} of {total['typos']:,} typos suggested right"
        )
    assert exact == 1, wrong
    assert right >= RIGHT_SUGGESTIONS, wrong


def test_a_diagnosis_at_another_place_would_be_noticed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: positions that are off by one, and suggestions that are off, are counted as wrong."""
    from pytest_intellisense.codec import problems

    def shifted(text: str, span: problems.Span) -> problems.Place:
        line = text.count("\n", 0, span.offset) + 1
        return problems.Place(line, span.offset - text.rfind("\n", 0, span.offset) + 1, span.length, "")

    monkeypatch.setattr("pytest_intellisense.codec.origins.place_in", shifted)
    figures, _, wrong = judged(root / "2_order_execution", seed=1, times=1)
    assert figures["exact"] < figures["mutants"]
    assert wrong
