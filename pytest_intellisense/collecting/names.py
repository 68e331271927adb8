"""What counts where a plan file lies: the names it may use, built in and added by hooks, and the defaults of its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_intellisense.codec.folder_defaults import FolderDefaults
    from pytest_intellisense.codec.vocabulary import Vocabulary

_BY_FOLDER = pytest.StashKey[dict[Path, "Vocabulary"]]()
_DEFAULTS = pytest.StashKey[dict[Path, "FolderDefaults"]]()


def vocabulary_at(node: pytest.Collector) -> Vocabulary:
    """The vocabulary of the folder of `node`; the conftest.py files above it count, others do not.

    Raises PlanFileError for a hook of these that adds what it cannot add.
    """
    by_folder = node.config.stash.setdefault(_BY_FOLDER, {})
    folder = node.path.parent
    if folder not in by_folder:
        by_folder[folder] = _vocabulary(node)
    return by_folder[folder]


def defaults_at(node: pytest.Collector, root: Path) -> FolderDefaults:
    """What plan_defaults.json files set for the folder of `node`, from `root` down. Raises PlanFileError."""
    from pytest_intellisense.codec.folder_defaults import folder_defaults

    by_folder = node.config.stash.setdefault(_DEFAULTS, {})
    folder = node.path.parent
    if folder not in by_folder:
        by_folder[folder] = folder_defaults(folder, root)
    return by_folder[folder]


def _vocabulary(node: pytest.Collector) -> Vocabulary:
    from pytest_intellisense.codec.vocabulary import Vocabulary
    from pytest_intellisense.collecting.user_hooks import added_operators, added_pipelines, added_streams
    from pytest_intellisense.engine.operators import OPERATORS
    from pytest_intellisense.engine.pipelines import BUILT_IN_PIPELINES, DEFAULT_PIPELINE
    from pytest_intellisense.model.validation import VALIDATION_TYPES

    added_streams(node.ihook)  # to have their mistakes told before a run
    operators = (*OPERATORS, *added_operators(node.ihook, OPERATORS))
    return Vocabulary(
        operators=operators,
        validation_types=VALIDATION_TYPES,
        pipelines={**BUILT_IN_PIPELINES, **added_pipelines(node.ihook, operators)},
        default_pipelines=DEFAULT_PIPELINE,
        marks=_marks_with_arguments(node.config),
    )


def _marks_with_arguments(config: pytest.Config) -> frozenset[str]:
    """Declared marks that take arguments are there to change something, the others to select by."""
    declared = [line.partition(":")[0] for line in config.getini("markers")]
    return frozenset(mark.partition("(")[0].strip() for mark in declared if "(" in mark)
