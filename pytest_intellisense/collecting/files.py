"""Plan files as pytest collects them: one item per row of the plan, one failing item for a file that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_intellisense.collecting.items import BrokenPlanItem, PlanItem, run_plan
from pytest_intellisense.collecting.lookup import PLAN_SUFFIXES

if TYPE_CHECKING:
    from pytest_intellisense.codec.problems import PlanFileError
    from pytest_intellisense.model.plan import InjectionPlan, PlanCase

_KNOWN_TAGS = pytest.StashKey[set[str]]()


class PlanFile(pytest.Module):
    """A `*.plan.json` file; fixtures of module scope live as long as its items."""

    obj = None

    def collect(self) -> Iterator[pytest.Item]:
        from pytest_intellisense.codec.plans import load_with
        from pytest_intellisense.codec.problems import PlanFileError
        from pytest_intellisense.collecting.names import vocabulary_at

        try:
            cases = load_with(self.path, vocabulary_at(self), scenario_folder(self.path, self.config.rootpath))
        except PlanFileError as error:
            yield self._broken(error)
            return
        for case in cases:
            yield self._item(case)

    def _item(self, case: PlanCase) -> PlanItem:
        item: PlanItem = PlanItem.from_parent(self, name=item_name(case), callobj=run_plan, case=case)
        for mark in self._marks(case.plan):
            item.add_marker(mark)
        return item

    def _marks(self, plan: InjectionPlan) -> Iterator[pytest.MarkDecorator]:
        for tag in plan.tags:
            yield self._tag(tag)
        if plan.skip:
            yield pytest.mark.skip(reason=plan.skip if isinstance(plan.skip, str) else "skipped by the plan")
        if isinstance(plan.xfail, str):
            yield pytest.mark.xfail(reason=plan.xfail)
        elif plan.xfail is not None:
            yield pytest.mark.xfail(reason=plan.xfail.reason, strict=plan.xfail.strict)

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


def item_name(case: PlanCase) -> str:
    """`plan_name[row]` with nothing in it that a node id, a shell or a report could trip over."""
    from pytest_intellisense.codec.matrix import safe_name

    name = safe_name(case.plan.plan_name, otherwise="plan")
    return f"{name}[{case.case_id}]" if case.case_id else name


def scenario_folder(plan: Path, rootdir: Path) -> Path:
    """The folder that the files of a plan must stay inside: the topmost one below the rootdir that holds the plan."""
    try:
        first, *rest = plan.relative_to(rootdir).parts
    except ValueError:
        return plan.parent
    return rootdir / first if rest else rootdir
