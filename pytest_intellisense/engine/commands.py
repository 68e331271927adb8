"""What a stimulus puts on the injection stream: one command, or one for each frame of a sequence."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_intellisense.engine.ports import InjectionCommand
from pytest_intellisense.engine.tracing import REQUEST, Key, order_seeds
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.stimulus import (
    BrokerResponse,
    ConfigChange,
    OcrEvent,
    PriceUpdate,
    RawImageInjection,
    RawImageSequence,
    SequenceFrame,
    Stimulus,
    TradeCommand,
    TradingStateChange,
)

LoadImage = Callable[[Path, str], bytes]
LoadManifest = Callable[[Path, str], Sequence[SequenceFrame]]


@dataclass(frozen=True, slots=True)
class StimulusFiles:
    """Reads the files a stimulus names, relative to the plan's folder. Both raise PlanError for a file that cannot be used."""

    image: LoadImage
    manifest: LoadManifest


@dataclass(frozen=True, slots=True)
class Shot:
    """One command and when it is to be sent, counted from the first; `seeds` are order ids known beforehand."""

    command: InjectionCommand
    at_ns: int = 0
    seeds: tuple[Key, ...] = ()
    adopts_foreign: bool = False
    ordered_quantity: float | None = None


_microseconds = itertools.count(time.time_ns() // 1000)


def request_id_for(symbol: str) -> str:
    """`inj_<SYM>_<µs>`, never the same twice."""
    return f"inj_{symbol}_{next(_microseconds)}"


def shots_for(stimulus: Stimulus, correlation_id: str, files: StimulusFiles, folder: Path) -> list[Shot]:
    """The commands of a stimulus whose placeholders are resolved.

    The last frame of a sequence carries `correlation_id` itself, the others `<correlation_id>.<n>`.
    Raises PlanError for a file that cannot be used.
    """
    match stimulus:
        case RawImageInjection():
            return [_image_shot(stimulus.image, stimulus.roi, correlation_id, files, folder)]
        case RawImageSequence():
            return list(_sequence_shots(stimulus, correlation_id, files, folder))
        case TradeCommand():
            return [_trade_shot(stimulus, correlation_id)]
        case BrokerResponse():
            command = _command("broker_response", stimulus, correlation_id)
            return [Shot(command, seeds=order_seeds(stimulus.order_id), adopts_foreign=True)]
        case ConfigChange():
            changes = stimulus.parameters if stimulus.parameters is not None else {str(stimulus.parameter): stimulus.new_value}
            parameters = {"parameters": changes, "component": stimulus.component}
            return [Shot(InjectionCommand(command_type="config_change", parameters=parameters, correlation_id=correlation_id))]
        case OcrEvent() | PriceUpdate() | TradingStateChange():
            return [Shot(_command(stimulus.type, stimulus, correlation_id))]


def _command(command_type: str, stimulus: Any, correlation_id: str) -> InjectionCommand:
    parameters = stimulus.model_dump(exclude={"type", "correlation_id"}, exclude_none=True)
    return InjectionCommand(command_type=command_type, parameters=parameters, correlation_id=correlation_id)


def _trade_shot(stimulus: TradeCommand, correlation_id: str) -> Shot:
    request_id = request_id_for(stimulus.symbol)
    plain = _command("trade_command", stimulus, correlation_id)
    command = InjectionCommand(
        command_type=plain.command_type,
        parameters={"request_id": request_id, **plain.parameters},
        correlation_id=correlation_id,
    )
    quantity = stimulus.quantity if isinstance(stimulus.quantity, int | float) else None
    return Shot(command, seeds=((REQUEST, request_id),), ordered_quantity=quantity)


_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP"}


def _image_shot(
    image: str,
    roi: Sequence[int] | None,
    correlation_id: str,
    files: StimulusFiles,
    folder: Path,
    at_ns: int = 0,
) -> Shot:
    image_format = _FORMATS.get(Path(image).suffix.lower())
    if image_format is None:
        raise PlanError(f'"{image}" is no image TESTRADE can read', hint=f"image files end in {', '.join(_FORMATS)}")
    parameters: dict[str, Any] = {"image_format": image_format, "filename": Path(image).name}
    if roi is not None:
        parameters["roi"] = list(roi)
    command = InjectionCommand(
        command_type="raw_image_injection",
        parameters=parameters,
        correlation_id=correlation_id,
        image=files.image(folder, image),
    )
    return Shot(command, at_ns=at_ns)


def _sequence_shots(stimulus: RawImageSequence, correlation_id: str, files: StimulusFiles, folder: Path) -> Iterable[Shot]:
    frames = _frames_of(stimulus, files, folder)
    start_ms = frames[0].at_ms
    for number, frame in enumerate(frames, 1):
        own_id = correlation_id if number == len(frames) else f"{correlation_id}.{number}"
        at_ns = round((frame.at_ms - start_ms) * 1e6)
        yield _image_shot(frame.image, None, own_id, files, folder, at_ns)


def _frames_of(stimulus: RawImageSequence, files: StimulusFiles, folder: Path) -> list[SequenceFrame]:
    if stimulus.frames is not None:
        frames = list(stimulus.frames)
    elif stimulus.images is not None:
        frames = [SequenceFrame(image=image, at_ms=n * stimulus.interval_ms) for n, image in enumerate(stimulus.images)]
    else:
        frames = list(files.manifest(folder, str(stimulus.manifest)))
    if not frames:
        raise PlanError(f'the manifest "{stimulus.manifest}" names no frame')
    return sorted(frames, key=lambda frame: frame.at_ms)
