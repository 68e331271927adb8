"""Images that plans name: inside the scenario folder, within limits of bytes and pixels, judged before they are decoded."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.plan_files import load, png, problems_of, scenario

from pytest_intellisense.codec.images import image_size, load_image
from pytest_intellisense.errors import PlanError


def plan(image: str) -> str:
    check = {"validation_id": "v", "type": "pipeline_completion_status", "expected_value": True}
    stimulus = {"type": "raw_image_injection", "image": image}
    return json.dumps({"plan_name": "p", "steps": [{"step_id": "s", "stimulus": stimulus, "validation_points": [check]}]})


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
def test_the_header_says_what_the_decoder_finds(tmp_path: Path, suffix: str) -> None:
    """Width and height as OpenCV wrote them, for every format that is accepted."""
    path = tmp_path / f"screen.{suffix}"
    cv2.imwrite(str(path), np.zeros((137, 617, 3), np.uint8))
    assert image_size(path.read_bytes()) == (617, 137)
    assert load_image(tmp_path, tmp_path, path.name) == path.read_bytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no PNG, JPEG or BMP image"),
        (b"GIF89a" + bytes(20), "is no PNG, JPEG or BMP image"),
        (png()[:20], "is no PNG, JPEG or BMP image"),
        (png(0, 0), "has no pixels: 0 x 0"),
        (b"BM" + bytes(16) + struct.pack("<ii", 60_000, -60_000), "3600 megapixels"),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\xff\xff\xff\xff" + bytes(9), "4295 megapixels"),
    ],
)
def test_what_is_no_usable_image_is_a_problem_of_the_plan(tmp_path: Path, content: bytes, says: str) -> None:
    """The same words at loading and at running."""
    (tmp_path / "screen.png").write_bytes(content)
    (problem,) = problems_of(tmp_path, plan("screen.png"))
    assert says in problem.message
    with pytest.raises(PlanError, match=says):
        load_image(tmp_path, tmp_path, "screen.png")


def test_an_image_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    """12000 x 12000 pixels in a few kilobytes: nobody decodes them."""
    bomb = png(12_000, 12_000)
    assert len(bomb) < 200_000
    (tmp_path / "bomb.png").write_bytes(bomb)
    (problem,) = problems_of(tmp_path, plan("bomb.png"))
    assert '"bomb.png" has 12000 x 12000 = 144 megapixels: at most 40 are decoded' in problem.message


def test_a_file_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.write(png())
        file.truncate(30_000_000)
    (problem,) = problems_of(tmp_path, plan("large.png"))
    assert "has 30.0 MB: at most 20 MB are read" in problem.message


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    """A link out of the scenario folder, a pipe, a device: none is opened."""
    outside = tmp_path / "outside.png"
    outside.write_bytes(png())
    inside = scenario(tmp_path / "scenarios")
    (inside / "link.png").symlink_to(outside)
    (inside / "zero.png").symlink_to("/dev/zero")
    (inside / "loop.png").symlink_to("loop.png")
    os.mkfifo(inside / "pipe.png")
    says = {
        "link.png": "by a symbolic link",
        "zero.png": "by a symbolic link",
        "loop.png": "there is no file",
        "pipe.png": "is not a file",
    }
    for name, words in says.items():
        (problem,) = problems_of(inside, plan(name))
        assert words in problem.message


def test_a_link_inside_the_scenario_folder_is_followed(tmp_path: Path) -> None:
    """Control: it is the way out that is refused, not the link."""
    folder = scenario(tmp_path)
    (folder / "same.png").symlink_to("screens/flat.png")
    assert load_image(folder, folder, "same.png") == png()


def test_plans_in_a_subfolder_share_the_screens_of_the_scenario_folder(tmp_path: Path) -> None:
    """`..` is fine as long as it stays inside; a sibling with the same beginning is outside."""
    root = scenario(tmp_path / "scenarios")
    (tmp_path / "scenarios-2").mkdir()
    (tmp_path / "scenarios-2" / "flat.png").write_bytes(png())
    (root / "orders").mkdir()
    path = root / "orders" / "it.plan.json"
    path.write_text(plan("../screens/flat.png"))
    assert load(path, root)
    path.write_text(plan("../../scenarios-2/flat.png"))
    with pytest.raises(PlanError, match="leads out of the scenario folder scenarios/"):
        load(path, root)


def test_frames_of_a_sequence_are_checked_one_by_one(tmp_path: Path) -> None:
    text = plan("x").replace(
        '{"type": "raw_image_injection", "image": "x"}',
        '{"type": "raw_image_sequence", "images": ["screens/flat.png", "screens/flut.png"]}',
    )
    (problem,) = problems_of(tmp_path, text)
    assert (problem.json_path, problem.suggestion) == ("steps[0].stimulus.images[1]", "screens/flat.png")
