"""Drawing pages, inside the confined process: PDF by pdfium, images by Pillow."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ...errors import DocumentUnreadable, MissingExtra, TenfoldError
from .._confined import Part

MIN_DPI = 36.0  # below it no print size can be read
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
_POINTS = 72.0  # of an inch


def pages_job(data: bytes, name: str, args: dict[str, Any]) -> Iterator[Part]:
    """Draw the pages of a file; the job of `pictures_of`.

    Yields:
        ({"count"}, b"") first; then for each page ({"number", "width", "height"}, PNG), or ({"number", "problem"}, b"")
        where it cannot be drawn.
    """
    yield from (_pdf if is_pdf(data) else _image)(data, name, args)


def is_pdf(data: bytes) -> bool:
    """Whether the bytes begin as a PDF does."""
    return data[:1024].lstrip().startswith(b"%PDF-")


def _pdf(data: bytes, name: str, args: dict[str, Any]) -> Iterator[Part]:
    try:
        import pypdfium2
        from pypdfium2 import PdfiumError
    except ImportError as error:
        raise MissingExtra("Drawing the pages of a PDF", "ocr") from error
    try:
        document = pypdfium2.PdfDocument(data)
    except PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise DocumentUnreadable(
                f"{name!r} is encrypted.", mend="Save a copy without a password."
            ) from error
        raise DocumentUnreadable(f"{name!r} is damaged: {error}.", mend="Save it again as PDF.") from error
    numbers = _chosen(len(document), name, args)
    yield {"count": len(document)}, b""
    for number in numbers:
        try:
            page = document[number - 1]
            scale = _scale(*page.get_size(), args["dpi"], args["max_pixels"])
            options: dict[str, Any] = {"scale": scale, "limit_image_cache": True}
            picture = page.render(**options).to_pil()
        except PdfiumError as error:
            yield {"number": number, "problem": f"it is damaged: {error}"}, b""
            continue
        except DocumentUnreadable as error:
            yield {"number": number, "problem": error.message}, b""
            continue
        yield _part(number, picture.convert("RGB"))
        page.close()


def _scale(width: float, height: float, dpi: float, max_pixels: int) -> float:
    """Pixels for a point, so that the page stays within `max_pixels`."""
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise DocumentUnreadable(f"its size is {width} x {height} points")
    scale = min(dpi / _POINTS, math.sqrt(max_pixels / (width * height)))
    # pdfium rounds each side up, which may pass the limit by one row and one column.
    while math.ceil(width * scale) * math.ceil(height * scale) > max_pixels:
        scale *= 0.99
    if scale * _POINTS < min(MIN_DPI, dpi):
        inches = f"{width / _POINTS:.0f} x {height / _POINTS:.0f} inches"
        raise DocumentUnreadable(f"it is {inches} large; in {max_pixels} pixels nothing on it could be read")
    return scale


def _chosen(count: int, name: str, args: dict[str, Any]) -> Sequence[int]:
    """The numbers of the pages to draw: all, or those that are wanted and there."""
    if count == 0:
        raise DocumentUnreadable(f"{name!r} has no pages.", mend="Save it again.")
    wanted, most = args["pages"], args["max_pages"]
    if wanted is None and count > most:
        raise DocumentUnreadable(f"{name!r} has {count} pages; the limit is {most}.", mend="Split the file.")
    skipped = set(args["skip"])
    numbers = range(1, count + 1) if wanted is None else [n for n in wanted if 1 <= n <= count]
    return [number for number in numbers if number not in skipped]


def _image(data: bytes, name: str, args: dict[str, Any]) -> Iterator[Part]:
    most: int = args["max_pixels"]
    with _opened(data, name, most) as image:
        from PIL import ImageOps

        numbers = _chosen(frames_of(image), name, args)
        yield {"count": frames_of(image)}, b""
        for number in numbers:
            image.seek(number - 1)
            if image.width * image.height > most:  # only the first frame was looked at
                raise _too_many_pixels(name, most)
            yield _part(number, upright(ImageOps.exif_transpose(image)))


def count_frames(data: bytes, name: str, max_pixels: int) -> int:
    """How many pages an image file has, for a process that is confined already.

    Raises:
        DocumentUnreadable: Damaged, or too many pixels.
        MissingExtra: Pillow is not installed.
    """
    with _opened(data, name, max_pixels) as image:
        frames = frames_of(image)
        image.load()
        return frames


@contextmanager
def _opened(data: bytes, name: str, max_pixels: int) -> Generator[Any]:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise MissingExtra("Reading images", "ocr") from error
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                yield image
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(name, max_pixels) from error
    except (TenfoldError, MemoryError):
        raise
    except UnidentifiedImageError as error:  # its own message holds an address in memory
        raise DocumentUnreadable(
            f"{name!r} is no PDF and no image of a kind that is read here.",
            mend="Give a PDF, or a PNG, JPEG, WebP, GIF, BMP, TIFF or PPM; if it is one, save it again.",
        ) from error
    except Exception as error:  # Pillow's plug-ins raise whatever they stumbled on
        raise DocumentUnreadable(
            f"{name!r} is damaged: {str(error)[:200]}.", mend="Save the image again."
        ) from error


def frames_of(image: Any) -> int:
    """Pages of an opened image: the frames of a TIFF; an animation is one page."""
    return int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1


def _too_many_pixels(name: str, most: int) -> DocumentUnreadable:
    return DocumentUnreadable(f"{name!r} has more than {most} pixels.", mend="Scale the image down.")


def upright(image: Any) -> Any:
    """RGB on white; 16-bit greys keep their range, which Pillow's own conversion would cut off."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        high = image.getextrema()[1]
        if high > 255:
            top = 65535.0 if high <= 65535 else float(high)

            def scaled(value: Any) -> Any:
                return value * (255.0 / top)

            image = image.convert("F").point(scaled)
        return image.convert("L").convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    return image.convert("RGB")


def _part(number: int, picture: Any) -> Part:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)  # it goes through a pipe, not to a disk
    return {"number": number, "width": picture.width, "height": picture.height}, out.getvalue()
