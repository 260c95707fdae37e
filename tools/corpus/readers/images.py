"""Images by OCR (extra `ocr`): RapidOCR, whose models come inside its wheel."""

from __future__ import annotations

import io
import logging
import warnings
from functools import lru_cache
from typing import Any

from ....errors import DocumentUnreadable, MissingExtra
from .types import Parsed, ReadLimits

_MAX_SIDE = 3000  # pixels; a scanned A4 page at 250 dots per inch
_MAX_FRAMES = 50  # pages of a TIFF


def read_image(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """The text that OCR sees.

    Raises:
        MissingExtra: OCR is not installed.
        DocumentUnreadable: Damaged, too many pixels, or no text seen.
    """
    text = image_text(data, limits, name)
    if not text:
        raise DocumentUnreadable(f"OCR sees no text in {name!r}.", mend="Give a sharper image.")
    return Parsed([text], "image/*")


def image_text(data: bytes, limits: ReadLimits, name: str = "image") -> str:
    """Lines of text in an image, top to bottom; each frame of a TIFF after the other."""
    engine = _engine()
    try:
        from PIL import Image, ImageSequence
    except ImportError as error:
        raise MissingExtra("Reading images", "ocr") from error
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    lines: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                for number, frame in enumerate(ImageSequence.Iterator(image)):
                    if number == _MAX_FRAMES:
                        break
                    lines += _recognise(engine, frame)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DocumentUnreadable(
            f"{name!r} has more than {limits.max_pixels} pixels.", mend="Scale the image down."
        ) from error
    except (OSError, SyntaxError, ValueError) as error:  # Pillow raises all three for damaged files
        raise DocumentUnreadable(f"{name!r} is damaged: {error}.", mend="Save the image again.") from error
    return "\n".join(lines)


def _recognise(engine: Any, frame: Any) -> list[str]:
    import numpy as np

    picture = frame.convert("RGB")
    picture.thumbnail((_MAX_SIDE, _MAX_SIDE))
    # OCR engines are trained on BGR arrays, as OpenCV reads them.
    found = engine(np.asarray(picture)[:, :, ::-1])
    return [text.strip() for text in (getattr(found, "txts", None) or ()) if text.strip()]


@lru_cache(maxsize=1)
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise MissingExtra("Reading images", "ocr") from error
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(params={"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": 1})
