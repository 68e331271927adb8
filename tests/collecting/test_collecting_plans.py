"""Plan files as pytest collects them: names, marks, broken files, and what is shown of them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from helpers.plan_files import SOUND, scenario

pytest_plugins = ["pytester"]

SET_UP = {"step_id": "s", "stimulus": {"type": "trading_state_change", "enabled": True}}
CHECK = {"validation_id": "v", "type": "pipeline_completion_status", "expected_value": True}


def plan(name: str = "p", **more: Any) -> str:
    return json.dumps({"plan_name": name, **more, "steps": [{**SET_UP, "validation_points": [CHECK]}]})


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with strict markers."""
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:cacheprovider\n")
    return pytester


def write(folder: pytest.Pytester, name: str, text: str) -> None:
    path = folder.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def collected(folder: pytest.Pytester, *args: str) -> list[str]:
    """The node ids that `pytest --collect-only -q` prints."""
    result = folder.runpytest_subprocess("--collect-only", "-q", *args)
    return [line for line in result.outlines if "::" in line and not line.startswith(("ERROR", "FAILED"))]


def test_a_plan_is_one_item_and_a_row_is_one_item(folder: pytest.Pytester) -> None:
    """Ids are `path::plan_name[row]`, in the order of files and of the matrix."""
    scenario(folder.path)
    write(folder, "b.plan.json", SOUND)
    write(folder, "a.plan.jsonc", "// one row\n" + plan("single"))
    assert collected(folder) == [
        "a.plan.jsonc::single",
        *(f"b.plan.json::sound[{row}]" for row in ("AAPL-100", "AAPL-200", "MSFT-100", "MSFT-200")),
    ]


def test_tags_select_plans_even_under_strict_markers(folder: pytest.Pytester) -> None:
    """`-m` takes tags, `-k` takes names; a tag is declared by being used; both may be values of the matrix."""
    write(folder, "a.plan.json", plan("first", tags=["smoke"]))
    write(folder, "b.plan.json", plan("second", tags=["slow", "smoke_free"]))
    write(folder, "c.plan.json", plan("open_${side}", matrix={"side": ["long", "short"]}, tags=["${side}"]))
    assert collected(folder, "-m", "smoke") == ["a.plan.json::first"]
    assert collected(folder, "-m", "short or slow") == ["b.plan.json::second", "c.plan.json::open_short[short]"]
    assert collected(folder, "-k", "second or long") == ["b.plan.json::second", "c.plan.json::open_long[long]"]


RESERVED = {
    "timeout": '"timeout" is no tag: pytest.mark.timeout changes how a test runs\n',
    "flaky": '"flaky" is no tag',
    "skipif": '"skipif" is no tag',
    "xfail": 'pytest.mark.xfail changes how a test runs; for that the plan has the key "xfail"',
    "_hidden": '"tags" should be a text of letters, digits and _, a letter first, got "_hidden"',
}


def test_a_tag_that_would_change_the_run_is_a_mistake(folder: pytest.Pytester) -> None:
    """A plan is neither skipped nor ended by a word to select it by; the other plans run."""
    for tag in RESERVED:
        write(folder, f"{tag}.plan.json", plan(tags=[tag, "fine"]))
    write(folder, "zz.plan.json", plan("fine", tags=["fine"], skip=True))
    result = folder.runpytest_subprocess("-m", "fine")
    result.assert_outcomes(failed=len(RESERVED), skipped=1)
    text = result.stdout.str()
    assert [words for words in RESERVED.values() if words not in text] == []
    assert "Traceback" not in text and "INTERNALERROR" not in text


@pytest.mark.parametrize("option", ["--lf", pytest.param("--sw", marks=pytest.mark.long)])
def test_what_failed_is_run_again(pytester: pytest.Pytester, option: str) -> None:
    """Rows of a matrix are known again, as those of parametrised tests are."""
    point = {**CHECK, "expected_value": "${done}"}
    steps = [{**SET_UP, "validation_points": [point]}]
    write(pytester, "a.plan.json", json.dumps({"plan_name": "a", "matrix": {"done": [True, False]}, "steps": steps}))
    pytester.runpytest_subprocess(option).assert_outcomes(passed=1, failed=1)
    pytester.runpytest_subprocess(option).assert_outcomes(failed=1)


def test_skip_and_xfail_of_a_plan_are_those_of_pytest(folder: pytest.Pytester) -> None:
    """A skipped plan starts nothing; the reason is the plan's."""
    write(folder, "a.plan.json", plan(skip="needs market hours"))
    write(folder, "b.plan.json", plan(skip=True))
    result = folder.runpytest_subprocess("-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["*needs market hours*"])


@pytest.mark.parametrize("parallel", [(), pytest.param(("-n2",), marks=pytest.mark.long)], ids=["alone", "xdist"])
def test_a_broken_plan_is_one_failure_and_the_others_run(
    folder: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, parallel: tuple[str, ...]
) -> None:
    """All mistakes in one block without a traceback, and one line in the summary, on CI too."""
    monkeypatch.setenv("CI", "1")
    write(folder, "bad.plan.json", SOUND.replace('"timeout_s"', '"timeout_sm"').replace('"repeat": 2', '"repeat": 0'))
    write(folder, "fine.plan.json", plan(skip="not run here"))
    scenario(folder.path)
    result = folder.runpytest_subprocess(*parallel)
    result.assert_outcomes(failed=1, skipped=1)
    text = result.stdout.str()
    assert "Traceback" not in text and "plans.py" not in text
    result.stdout.fnmatch_lines(
        [
            "*plan bad*",
            "PLAN  bad.plan.json has 2 problems",
            'E  bad.plan.json:12:7  unknown key "timeout_sm"',
            'E  12 |       "timeout_sm": 5,',
            "E     |       ^^^^^^^^^^^^",
            'E    = did you mean "timeout_s"?',
            'E  bad.plan.json:25:17  "repeat" should be a whole number >= 1*, got 0',
        ]
    )
    summary = [line for line in result.outlines if line.startswith("FAILED")]
    assert summary == ['FAILED bad.plan.json::bad - PLAN 2 problems, first at 12:7: unknown key "timeout_sm"']


ODD_CONTENTS = {
    "empty": b"",
    "open": b"{",
    "deep": b"[" * 100_000,
    "utf16": b"\xff\xfe\x00",
    "nan": b'{"plan_name": NaN}',
    "twice": b'{"a": 1, "a": 2}',
    "nul": b"\x00" * 100,
    "digits": b"9" * 5000,
}


def test_no_content_of_a_file_ends_the_session(folder: pytest.Pytester) -> None:
    """Every odd file is one failing item; the plan beside them is collected."""
    for name, content in ODD_CONTENTS.items():
        (folder.path / f"{name}.plan.json").write_bytes(content)
    write(folder, "zz.plan.json", plan("fine", skip=True))
    assert collected(folder) == [*(f"{name}.plan.json::{name}" for name in sorted(ODD_CONTENTS)), "zz.plan.json::fine"]
    result = folder.runpytest_subprocess()
    result.assert_outcomes(failed=len(ODD_CONTENTS), skipped=1)
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


ODD_NAMES = [
    "a::b",
    "x[1]",
    "back\\slash",
    "<img src=x onerror=alert(1)>",
    "new\nline",
    "\N{ROCKET}",
    "p" * 200,
    " ",
    "a.b",
    "../x",
]


def odd_ids(folder: pytest.Pytester) -> list[str]:
    """The ids of plans with such names and rows; all of them are safe."""
    for number, name in enumerate(ODD_NAMES):
        write(folder, f"p{number}.plan.json", plan(name, matrix={"m": [name, name, 1]}, skip=True))
    ids = collected(folder)
    assert len(set(ids)) == len(ids) == 3 * len(ODD_NAMES)
    assert all(re.fullmatch(r"p\d\.plan\.json::[A-Za-z0-9_.-]+\[[A-Za-z0-9_.-]+\]", each) for each in ids)
    return ids


def test_names_as_they_are_would_be_no_ids(folder: pytest.Pytester) -> None:
    """The control."""
    folder.makeconftest("from pytest_intellisense.codec import matrix\nmatrix.safe_name = lambda text, otherwise='x': text")
    with pytest.raises(AssertionError):
        odd_ids(folder)


def test_odd_names_give_safe_ids_that_xdist_keeps(folder: pytest.Pytester) -> None:
    """Ids hold nothing that a node id, a shell or a page trips over, and are the same in every process."""
    ids = odd_ids(folder)
    result = folder.runpytest_subprocess("-n2", "-v")
    result.assert_outcomes(skipped=len(ids))
    assert set(re.findall(r"SKIPPED (p\d\S+)", result.stdout.str())) == set(ids)


def test_a_node_id_selects_its_row(folder: pytest.Pytester) -> None:
    scenario(folder.path)
    write(folder, "b.plan.json", SOUND)
    assert collected(folder, "b.plan.json::sound[MSFT-100]") == ["b.plan.json::sound[MSFT-100]"]


def test_junit_points_at_the_line_of_the_mistake(folder: pytest.Pytester) -> None:
    """Continuous integration annotates that line."""
    write(folder, "bad.plan.json", SOUND.replace('"timeout_s"', '"timeout_sm"'))
    scenario(folder.path)
    folder.runpytest_subprocess("--junitxml=junit.xml", "-o", "junit_family=xunit1")
    (case,) = ET.parse(folder.path / "junit.xml").iter("testcase")
    assert (case.get("file"), case.get("line")) == ("bad.plan.json", "11")
    (failure,) = case.iter("failure")
    assert failure.get("message") == 'PLAN 1 problem, first at 12:7: unknown key "timeout_sm"'


def test_collecting_connects_to_nothing_and_imports_nothing_heavy(folder: pytest.Pytester) -> None:
    """OpenCV, Redis and Tesseract stay unloaded; a Redis that does not exist disturbs nobody."""
    scenario(folder.path)
    write(folder, "b.plan.json", SOUND)
    folder.makeconftest(
        """
        import sys
        def pytest_sessionfinish():
            heavy = {"cv2", "redis", "fakeredis", "pytesseract", "numpy"} & set(sys.modules)
            print("HEAVY", sorted(heavy))
        """
    )
    result = folder.runpytest_subprocess("--collect-only", "-s", "--intellisense-redis=redis://127.0.0.1:1/0")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*HEAVY []*"])
    assert not (folder.path / "captures").exists()
    assert not (folder.path / "reports").exists()


def test_pipelines_and_operators_come_from_the_conftest_above_the_plan(folder: pytest.Pytester) -> None:
    """A plan elsewhere does not know them: control."""
    hooks = """
from pytest_intellisense.model.pipeline import PipelineSignature, Stage
def pytest_intellisense_pipelines():
    return {"TICK": PipelineSignature(name="TICK", stages=(Stage(key="tick", match={"event_type": "PRICE_TRADE"}),))}
def pytest_intellisense_operators():
    return {"is_even": lambda actual, expected, tolerance: None}
"""
    text = (
        plan().replace('"expected_value": true', '"operator": "is_even"').replace('"step_id"', '"pipeline": "tick", "step_id"')
    )
    write(folder, "with/conftest.py", hooks)
    write(folder, "with/a.plan.json", text)
    write(folder, "without/b.plan.json", text)
    assert collected(folder) == ["with/a.plan.json::p", "without/b.plan.json::b"]
    result = folder.runpytest_subprocess("without")
    result.stdout.fnmatch_lines(['*"tick" is no pipeline', '*"is_even" is no operator'])
