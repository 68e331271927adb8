"""One check per validation type, and how a validation point becomes an outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from pytest_intellisense.engine.checks import events, latencies, order, query, screens, states, status
from pytest_intellisense.engine.checks.context import Asked, StepView, asked
from pytest_intellisense.engine.checks.outcome import Finding
from pytest_intellisense.engine.paths import MISSING
from pytest_intellisense.engine.user_code import is_of_users, place_of, told_as_mistake
from pytest_intellisense.errors import IntelliSenseError, PlanError, StageNeverArrived
from pytest_intellisense.model.results import Fault, ValidationOutcome
from pytest_intellisense.model.validation import ValidationPoint

Evaluate = Callable[[StepView, Asked], Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """`eventual`: an event that is still under way may make it hold, so a failing one is asked again before it counts."""

    evaluate: Evaluate
    eventual: bool = False


class CheckRegistry(Collection[str]):
    """The validation types plans may name. `register` adds one; a name that is taken is refused."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def register(self, name: str, evaluate: Evaluate, *, eventual: bool = False) -> None:
        """Raises ValueError if `name` is taken."""
        if name in self._checks:
            raise ValueError(f'validation type "{name}" is defined twice')
        self._checks[name] = Check(_told_by_user(name, evaluate) if is_of_users(evaluate) else evaluate, eventual)

    def is_eventual(self, name: str) -> bool:
        return name in self._checks and self._checks[name].eventual

    def outcome(self, point: ValidationPoint, view: StepView, position: tuple[int, int] | None) -> ValidationOutcome:
        """Judge one validation point. A plan that cannot be understood is a failed outcome; EnvironmentProblem is raised."""
        question: Asked | None = None
        try:
            question = asked(point, view.scope)
            finding = self._known(point.type).evaluate(view, question)
        except PlanError as problem:
            finding = Finding(reason=_with_hint(problem), fault=Fault.PLAN, subject=_subject(point))
        except StageNeverArrived as problem:
            finding = Finding(
                reason=_with_hint(problem),
                fault=Fault.MISSING,
                subject=_subject(point),
                stage_key=problem.stage_key,
                rests_on_absence=True,
            )
        passed = finding.reason is None
        expected, tolerance = (question.expected, question.tolerance) if question else (point.expected_value, point.tolerance)
        return ValidationOutcome(
            validation_id=point.validation_id,
            type=point.type,
            passed=passed,
            operator=point.operator,
            expected=expected if finding.expected is MISSING else finding.expected,
            actual=finding.actual,
            details=finding.reason or "",
            tolerance=tolerance,
            fault=None if passed else finding.fault,
            subject=finding.subject,
            stage_key=finding.stage_key,
            rests_on_absence=finding.rests_on_absence,
            offending=finding.offending,
            position=position,
        )

    def _known(self, name: str) -> Check:
        if name not in self._checks:
            close = get_close_matches(name, self._checks, n=1)
            hint = f'did you mean "{close[0]}"? ' if close else ""
            raise PlanError(f'"{name}" is no validation type', hint=f"{hint}types: {', '.join(self._checks)}")
        return self._checks[name]

    def __contains__(self, name: object) -> bool:
        return name in self._checks

    def __iter__(self) -> Iterator[str]:
        return iter(self._checks)

    def __len__(self) -> int:
        return len(self._checks)


def _with_hint(problem: IntelliSenseError) -> str:
    return f"{problem} ({problem.hint})" if problem.hint else str(problem)


def _told_by_user(name: str, evaluate: Evaluate) -> Evaluate:
    """The same; what is wrong with it is told as a mistake of the user's."""
    what = f'validation type "{name}"'

    def check(view: StepView, question: Asked) -> Finding:
        with told_as_mistake(what, evaluate):
            finding: object = evaluate(view, question)
        if not isinstance(finding, Finding):
            raise PlanError(f"{what} returned a {type(finding).__name__}{place_of(evaluate)}", hint="it returns a Finding")
        return finding

    return check


def _subject(point: ValidationPoint) -> str:
    parts = (point.target_identifier, point.field_to_check)
    return ".".join(str(part) for part in parts if part is not None) or point.type


_AT_ONCE = (
    status.pipeline_completion_status,
    status.pipeline_timeout_status,
    status.stimulus_field_validation,
    events.event_absence,
    events.no_extra_events,
    latencies.pipeline_latency,
    latencies.latency_comparison,
)
_EVENTUAL = (
    events.specific_log_event_field,
    events.correlation_log_event_count,
    order.event_order,
    latencies.latency_between,
    states.order_repository_state,
    states.position_manager_state,
    states.price_state,
    states.trading_state,
    states.portfolio_risk_metric,
    screens.processed_image_property,
    screens.ocr_text_accuracy,
    query.custom_query,
)


def built_in_checks() -> CheckRegistry:
    """A fresh registry with every validation type that comes with IntelliSense."""
    registry = CheckRegistry()
    for check in _AT_ONCE:
        registry.register(check.__name__, check)
    for check in _EVENTUAL:
        registry.register(check.__name__, check, eventual=True)
    return registry


CHECKS = built_in_checks()
