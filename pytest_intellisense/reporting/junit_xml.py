"""The run as JUnit XML of the family xunit1, for reports that are made without pytest."""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from xml.etree import ElementTree

from pytest_intellisense.reporting.failure_text import failure_lines, one_line
from pytest_intellisense.reporting.junit import attachments, properties
from pytest_intellisense.reporting.lines import printable, text_of
from pytest_intellisense.reporting.outcomes import outcome_of
from pytest_intellisense.reporting.rows import PlanRow, ReportDocument

_SKIPPED = ("skipped", "xfailed")


def junit_xml(document: ReportDocument) -> str:
    """One suite, a case a plan. `line` is the line of the plan in its file, counted from 1."""
    plans, session = document["plans"], document["session"]
    words = [outcome_of(row) for row in plans]
    suite = ElementTree.Element("testsuite", name="intellisense")
    suite.attrib |= {
        "tests": str(len(plans)),
        "failures": str(words.count("failed")),
        "errors": str(words.count("error") + words.count("interrupted")),
        "skipped": str(sum(word in _SKIPPED for word in words)),
        "time": _seconds(session["duration_ns"] if session else sum(row["duration_ns"] for row in plans)),
    }
    if session:
        suite.set("timestamp", time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(session["started_epoch_s"])))
        if "host" in session:
            suite.set("hostname", _xml(session["host"]))
    suite.extend([_case(row) for row in plans])
    suites = ElementTree.Element("testsuites", name="intellisense")
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _case(row: PlanRow) -> ElementTree.Element:
    path = PurePosixPath(row["plan_path"])
    name = row["nodeid"].partition("::")[2] or row["plan_name"]
    case = ElementTree.Element("testcase", classname=_xml(".".join(path.parts)), name=_xml(name))
    case.attrib |= {"file": _xml(row["plan_path"]), "line": str(row["line"]), "time": _seconds(row["duration_ns"])}
    facts = ElementTree.SubElement(case, "properties")
    for key, value in properties(row):
        ElementTree.SubElement(facts, "property", name=_xml(key), value=_xml(value))
    _ending(case, row)
    if attached := attachments(row):
        ElementTree.SubElement(case, "system-out").text = _xml_lines(attached)
    return case


def _ending(case: ElementTree.Element, row: PlanRow) -> None:
    word = outcome_of(row)
    if word in _SKIPPED:
        ElementTree.SubElement(case, "skipped", type=f"pytest.{word}", message=_xml(row["sentence"]))
    elif word == "interrupted":
        ElementTree.SubElement(case, "error", message=_xml(row["sentence"])).text = _xml(row["sentence"])
    elif word in ("failed", "error"):
        told = ElementTree.SubElement(case, "failure" if word == "failed" else "error", message=_xml(one_line(row)))
        told.text = _xml_lines(text_of(failure_lines(row)))


def _xml_lines(text: str) -> str:
    return "\n".join(_xml(line) for line in text.split("\n"))


def _xml(text: str) -> str:
    """Without the letters that XML cannot hold: `printable` writes them as escapes."""
    return printable(text)


def _seconds(duration_ns: int) -> str:
    return f"{duration_ns / 1e9:.9f}"
