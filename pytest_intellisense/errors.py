"""What can go wrong, and whose fault it is.

IntelliSenseError
  + PlanError            a plan file cannot be used as written          (PLAN)
  + EnvironmentProblem   Redis, TESTRADE, Tesseract or disk not usable  (ENV)
    x InjectionRefused   a safety gate said no                          (ENV)
  + StageNeverArrived    a plan needs a stage that did not come         (MISSING)
  + CaptureFailed        the recorder stopped; verdicts would be lies   (LOSS)
    x DiskProblem        its disk or folder is not usable               (ENV)
  + SettingsError        an option, ini value or environment variable   (ENV)

A check that did not hold is no error: it is a ValidationOutcome. `PlanFailed`, which carries those to pytest,
is an AssertionError and stands in `collecting.failure`.
"""

from __future__ import annotations

import re
from typing import ClassVar


class IntelliSenseError(Exception):
    """Base of every error a user can cause or meet; `str()` is one clear sentence, `hint` says what to do.

    `domain` is whose fault it is, as every report says it.
    """

    domain: ClassVar[str] = "ENV"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(without_secrets(message))
        self.hint = without_secrets(hint)


class PlanError(IntelliSenseError):
    """A plan file cannot be used as written."""

    domain = "PLAN"


class StageNeverArrived(IntelliSenseError):
    """The application did not bring about what a plan refers to; `stage_key` is the first stage that is missing."""

    domain = "MISSING"

    def __init__(self, message: str, *, stage_key: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.stage_key = stage_key


class EnvironmentProblem(IntelliSenseError):
    """Something the run needs is not there; no verdict about TESTRADE follows from it."""


class InjectionRefused(EnvironmentProblem):
    """A layer of the injection gate refused; `layer` names it."""

    def __init__(self, message: str, *, layer: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.layer = layer


class CaptureFailed(IntelliSenseError):
    """The recorder of events stopped or cannot vouch for what it has."""

    domain = "LOSS"


class DiskProblem(CaptureFailed):
    """The disk or the folder of a recording is not usable, or would soon not be."""

    domain = "ENV"


class SettingsError(IntelliSenseError):
    """A setting has a value that cannot be meant."""


_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@(?=[^@\s/]*(?:[:/\s]|$))|(?<=://)\S*@")


def without_secrets(text: str) -> str:
    """Replace the credentials of every URL in `text`, also where the password holds a raw `@` or `/`."""
    return _CREDENTIALS.sub("***@", text)
