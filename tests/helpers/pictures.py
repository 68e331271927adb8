"""Small PNG pictures as a screen and its processed twin would be."""

from __future__ import annotations

import cv2
import numpy as np


def screen(text: str = "AAPL Long 150.25") -> bytes:
    """A dark picture of 617 x 137 pixels with one line of light text."""
    picture = np.full((137, 617, 3), 20, np.uint8)
    cv2.putText(picture, text, (12, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (230, 230, 230), 1, cv2.LINE_AA)
    return _png(picture)


def processed(text: str = "AAPL Long 150.25") -> bytes:
    """The same line black on white, twice as large."""
    picture = np.full((274, 1234), 255, np.uint8)
    cv2.putText(picture, text, (24, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.8, (0,), 2)
    return _png(picture)


def _png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()
