"""`intellisense metrics`: numbers, trends and exports over the reports of many sessions."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import re
import sys
from pathlib import Path

import pytest
from helpers import rows
from helpers.reports import session_id, two_stages, write_report

from pytest_intellisense.cli.main import main

PIPELINE = "RAW_IMAGE_TO_ORDER_FILL"
HOSTILE = '=cmd|"\\ \n<b>x</b>'


def metrics(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["metrics", *map(str, words)]) == 0
    return capsys.readouterr().out


def report_of(capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    return json.loads(metrics(capsys, *words, "--format", "json"))


def test_numbers_are_exact_from_the_raw_samples(tmp_path, capsys):
    """Ten nights of ten fills of 1 to 100 ms; percentiles are times that were measured."""
    for night in range(10):
        plans = [two_stages(night * 10 + one + 1.0, nodeid=f"plan-{one}") for one in range(10)]
        write_report(tmp_path, night, plans)
    fill = report_of(capsys, tmp_path)["rows"][1]
    assert (fill["stage"], fill["pipeline"], fill["count"], fill["success_rate"]) == ("order_fill", PIPELINE, 100, 1.0)
    shown = {name: fill[name] / rows.MS for name in ("min_ns", "mean_ns", "median_ns", "p90_ns", "p95_ns", "p99_ns", "max_ns")}
    assert shown == {"min_ns": 1, "mean_ns": 50.5, "median_ns": 50, "p90_ns": 90, "p95_ns": 95, "p99_ns": 99, "max_ns": 100}


def test_a_percentile_that_does_not_exist_yet_is_not_given(tmp_path, capsys):
    """Of ten samples the 95th percentile would be the maximum under another name."""
    write_report(tmp_path, 0, [two_stages(one + 1.0) for one in range(10)])
    fill = report_of(capsys, tmp_path)["rows"][1]
    assert (fill["p90_ns"], fill["p95_ns"], fill["p99_ns"]) == (9 * rows.MS, None, None)


@pytest.mark.parametrize(("level", "succeeded"), [("stage", [1.0, 0.75]), ("pipeline", [0.75]), ("plan", [0.75])])
def test_what_did_not_arrive_lowers_the_success_rate_and_has_no_time(tmp_path, capsys, level, succeeded):
    """One of four fills never came."""
    for night in range(4):
        write_report(tmp_path, night, [two_stages(5.0, fills=night != 2)])
    found = report_of(capsys, tmp_path, "--by", level)["rows"]
    assert [row["success_rate"] for row in found] == succeeded
    assert found[-1]["max_ns"] == {"stage": 5, "pipeline": 45, "plan": 371}[level] * rows.MS


def test_a_lasting_change_is_told_with_its_session(tmp_path, capsys):
    """From night 26 on the fill takes 3.1 times as long."""
    noise = random.Random(7)
    for night in range(40):
        level = 4.2 if night < 26 else 13.0
        write_report(tmp_path, night, [two_stages(level * noise.lognormvariate(0, 0.05), nodeid="plan x")])
    found = report_of(capsys, tmp_path)["findings"]
    assert [(one["kind"], one["stage"], one["plan"], one["since"], one["until"]) for one in found] == [
        ("change", "order_fill", "plan x", session_id(26), None)
    ]
    said = rf"order_fill of plan plan x is 3.*x its usual 4.* ms since session {session_id(26)} \(1.* ms, 14 sessions\)"
    assert re.search(said, metrics(capsys, tmp_path))


@pytest.mark.parametrize(
    ("slow_nights", "said"),
    [
        ([39], f"is 3.*x its usual 4.* ms in the last session, {session_id(39)}"),
        ([37, 38, 39], f"is 3.*x its usual 4.* ms since session {session_id(37)}"),
        ([12], f"was 3.*x its usual 4.* ms in session {session_id(12)}"),
        ([], "nothing unusual"),
    ],
)
def test_a_few_unusual_sessions_are_told(tmp_path, capsys, slow_nights, said):
    """Even where there are too few of them to be another level; without any, nothing is."""
    noise = random.Random(8)
    for night in range(40):
        level = 13.0 if night in slow_nights else 4.2
        write_report(tmp_path, night, [two_stages(level * noise.lognormvariate(0, 0.03))])
    assert re.search(said, metrics(capsys, tmp_path))


def test_steady_noise_is_not_called_a_trend(tmp_path, capsys):
    """Two hundred stages over forty nights with 15 % noise: one in a hundred may be suspected, not more."""
    noise = random.Random(9)
    names = [f"plan-{number}" for number in range(100)]
    for night in range(40):
        plans = [
            two_stages(4.2 * noise.lognormvariate(0, 0.15), ocr_ms=40 * noise.lognormvariate(0, 0.15), nodeid=name)
            for name in names
        ]
        write_report(tmp_path, night, plans)
    found = report_of(capsys, tmp_path)["findings"]
    assert sum(one["kind"] == "change" for one in found) <= 2
    assert sum(one["kind"] == "anomaly" for one in found) <= 200 * 40 * 0.005


def test_single_slow_samples_are_outliers_not_trends(tmp_path, capsys):
    """One sample of 41 ms among nine of 4 ms moves no median; it is named with its session."""
    for night in range(12):
        plans = [two_stages(41.0 if night == 5 and one == 3 else 4.0 + one / 10) for one in range(9)]
        write_report(tmp_path, night, plans)
    report = report_of(capsys, tmp_path)
    assert report["findings"] == []
    assert [(one["count"], one["worst_ns"], one["worst_in"]) for one in report["outliers"]] == [
        (1, 41 * rows.MS, session_id(5))
    ]


def test_a_copied_report_is_counted_once_and_told(tmp_path, capsys):
    """Artefacts of one run that were downloaded twice."""
    path = write_report(tmp_path, 0, [two_stages(5.0)])
    (tmp_path / "copy.json").write_text(path.read_text())
    assert main(["metrics", str(tmp_path), "--format", "csv"]) == 3
    shown = capsys.readouterr()
    assert "is a copy" in shown.err
    assert [row["count"] for row in csv.DictReader(io.StringIO(shown.out))] == ["1", "1"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[1, 2", "is no JSON"),
        ('{"name": "x"}', "is JSON, but no report"),
        ('{"schema_version": 7, "runs": []}', "is a report of schema version 7, of which version 1 can be read"),
        ('{"schema_version": 1, "session": null, "plans": []}', "has no session"),
    ],
)
def test_a_file_that_is_no_report_is_left_out_and_named(tmp_path, capsys, content, said):
    """The others are still read; alone, it is an error without a traceback."""
    bad = tmp_path / "bad.json"
    bad.write_text(content)
    assert main(["metrics", str(bad)]) == 1
    assert said in capsys.readouterr().err
    write_report(tmp_path, 0, [two_stages(5.0)])
    assert main(["metrics", str(tmp_path)]) == 3
    assert f"{bad} {said}" in capsys.readouterr().err


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path, capsys):
    """Said with what is allowed."""
    assert main(["metrics", str(tmp_path / "nowhere")]) == 2
    assert "nowhere does not exist\nhint: name a folder of reports" in capsys.readouterr().err


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A plan whose name means something to spreadsheets, Prometheus and browsers."""
    folder = tmp_path / "nights"
    for night in range(2):
        write_report(folder, night, [two_stages(5.0 + night, nodeid=HOSTILE)])
    return folder


def test_csv_is_read_back_and_holds_no_formula(hostile, capsys):
    """A cell that begins like a formula is text."""
    (row,) = csv.DictReader(io.StringIO(metrics(capsys, hostile, "--by", "plan", "--format", "csv")))
    assert row["plan"] == "'" + HOSTILE
    assert row["count"] == "2"


def test_prometheus_reads_the_exposition(hostile, capsys):
    """Through the parser of Prometheus' own client."""
    from prometheus_client.parser import text_string_to_metric_families

    text = metrics(capsys, hostile, "--by", "plan", "--format", "prometheus")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    summary = families["intellisense_plan_duration_seconds"]
    assert summary.type == "summary"
    values = {sample.name.removeprefix("intellisense_plan_duration_seconds"): sample.value for sample in summary.samples}
    assert values == {"": 0.371, "_sum": pytest.approx(0.742), "_count": 2}
    assert summary.samples[0].labels == {"plan": HOSTILE, "quantile": "0.5"}
    assert families["intellisense_plan_success_ratio"].samples[0].value == 1.0
    assert families["intellisense_sessions"].samples[0].value == 2


def test_parquet_is_read_back(hostile, capsys):
    """With its types, and the same numbers as the JSON."""
    import pyarrow.parquet

    file = hostile / "metrics.parquet"
    assert metrics(capsys, hostile, "--format", "parquet", "-o", file) == ""
    table = pyarrow.parquet.read_table(file)
    assert str(table.schema.field("median_ns").type) == "int64"
    assert {frozenset(row.items()) for row in table.to_pylist()} == {
        frozenset(row.items()) for row in report_of(capsys, hostile)["rows"]
    }


def test_without_pyarrow_parquet_says_what_to_install(hostile, capsys, monkeypatch):
    """No traceback, and nothing is written."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["metrics", str(hostile), "--format", "parquet", "-o", str(hostile / "x.parquet")]) == 2
    assert "pip install 'pytest-intellisense[parquet]'" in capsys.readouterr().err
    assert not (hostile / "x.parquet").exists()


def test_the_change_is_where_it_was_made():
    """A step in noise; the p-value on noise alone is no small one."""
    import numpy as np

    from pytest_intellisense.analytics.change_points import change_points, pettitt

    noise = np.random.default_rng(1).lognormal(0, 0.1, 60)
    step = np.where(np.arange(60) < 35, 1.0, 1.5)
    assert change_points(noise * step) == [35]
    assert change_points(noise) == []
    assert pettitt(noise * step)[1] < 1e-6 < pettitt(noise)[1]
    assert math.isclose(pettitt(np.ones(20))[1], 1.0)
