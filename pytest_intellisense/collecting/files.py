"""Plan files as pytest collects them: one item per row of the plan, one failing item for a file that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_intellisense.collecting.items import RUN_PLAN, BrokenPlanItem, PlanItem
from pytest_intellisense.collecting.lookup import PLAN_SUFFIXES
from pytest_intellisense.settings import DRY_RUN

if TYPE_CHECKING:
    from pytest_intellisense.codec.problems import PlanFileError

_KNOWN_TAGS = pytest.StashKey[set[str]]()


class PlanFile(pytest.Module):
    """A `*.plan.json` file; fixtures of module scope live as long as its items."""

    obj = None

    def collect(self) -> Iterator[pytest.Item]:
        from pytest_intellisense.codec.matrix import safe_name
        from pytest_intellisense.codec.plans import read_plan_file
        from pytest_intellisense.codec.problems import PlanFileError
        from pytest_intellisense.collecting.names import defaults_at, vocabulary_at

        try:
            root = scenario_folder(self.path, self.config.rootpath)
            rows = read_plan_file(self.path, vocabulary_at(self), root, defaults_at(self, root))
        except PlanFileError as error:
            yield self._broken(error)
            return
        all_alike = all(row.head is rows[0].head for row in rows)
        if all_alike:
            self._mark(self, rows[0].head)
        for row in rows:
            name = safe_name(row.head["plan_name"], otherwise="plan")
            full_name = f"{name}[{row.case_id}]" if row.case_id else name
            item: PlanItem = PlanItem.from_parent(self, name=full_name, callobj=RUN_PLAN, row=row)
            if not all_alike:
                self._mark(item, row.head)
            yield item

    def _mark(self, node: pytest.Item | pytest.Collector, head: Mapping[str, Any]) -> None:
        """What a file is marked with counts for all of its items."""
        for mark in self._marks(head):
            node.add_marker(mark)

    def _marks(self, head: Mapping[str, Any]) -> Iterator[pytest.MarkDecorator]:
        """A dry run finds nothing of what a plan is expected to fail for."""
        for tag in head.get("tags", ()):
            yield self._tag(tag)
        if skip := head.get("skip"):
            yield pytest.mark.skip(reason=skip if isinstance(skip, str) else "skipped by the plan")
        if self.config.getoption(DRY_RUN):
            return
        if isinstance(xfail := head.get("xfail"), str):
            yield pytest.mark.xfail(reason=xfail)
        elif xfail is not None:
            yield pytest.mark.xfail(reason=xfail["reason"], strict=xfail.get("strict", False))

    def _broken(self, error: PlanFileError) -> BrokenPlanItem:
        from pytest_intellisense.codec.matrix import safe_name
        from pytest_intellisense.codec.plans import plan_name

        item: BrokenPlanItem = BrokenPlanItem.from_parent(self, name=safe_name(plan_name(self.path)), error=error)
        for tag in error.tags:
            item.add_marker(self._tag(tag))
        return item

    def _tag(self, tag: str) -> pytest.MarkDecorator:
        """The mark of a tag; plans declare their tags by using them, so strict markers accept them."""
        known = self.config.stash.setdefault(_KNOWN_TAGS, set())
        if tag not in known:
            known.add(tag)
            self.config.addinivalue_line("markers", f"{tag}: tag of injection plans")
        mark: pytest.MarkDecorator = getattr(pytest.mark, tag)
        return mark


def collect_plan_file(file_path: Path, parent: pytest.Collector) -> PlanFile | None:
    """What `pytest_collect_file` returns for `file_path`: a PlanFile for `*.plan.json` and `*.plan.jsonc`."""
    if not file_path.name.endswith(PLAN_SUFFIXES):
        return None
    collected: PlanFile = PlanFile.from_parent(parent, path=file_path)
    return collected


def scenario_folder(plan: Path, rootdir: Path) -> Path:
    """The folder that the files of a plan must stay inside: the topmost one below the rootdir that holds the plan."""
    try:
        first, *rest = plan.relative_to(rootdir).parts
    except ValueError:
        return plan.parent
    return rootdir / first if rest else rootdir
