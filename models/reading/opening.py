"""From a name to a page reader, and what stands in the way of each."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ...errors import ConfigError
from ...pages import PageReader

FORMS = '"auto", "rapidocr", "tesseract" or "tesseract:eng+kor", "deepocr:FOLDER", "openai:URL#MODEL"'


@dataclass(frozen=True, slots=True)
class EngineState:
    """An engine and whether this machine has it.

    Attributes:
        form: What `open_reader` is given.
        about: What it is, in a phrase.
        missing: What is not here; empty where nothing is.
        mend: What to do about it.
    """

    form: str
    about: str
    missing: str = ""
    mend: str = ""


def engines() -> list[EngineState]:
    """Every kind of engine, what it needs and does not find; nothing heavy is imported."""
    rapid = importlib.util.find_spec("rapidocr") is None
    tess = shutil.which("tesseract") is None
    torch = importlib.util.find_spec("torch") is None
    return [
        EngineState(
            "rapidocr",
            "lines by PP-OCR on any CPU, weights in the wheel",
            "the package rapidocr" if rapid else "",
            "pip install 'tenfold[ocr]'" if rapid else "",
        ),
        EngineState(
            "tesseract",
            "tesseract's binary, cheap",
            "the binary tesseract" if tess else "",
            "apt-get install tesseract-ocr" if tess else "",
        ),
        EngineState(
            "deepocr:FOLDER",
            "DeepSeek-OCR in this process",
            "the package torch" if torch else "",
            "pip install 'tenfold[deepocr]'" if torch else "",
        ),
        EngineState("openai:URL#MODEL", "DeepSeek-OCR on vLLM, SGLang or llama-server"),
    ]


def open_reader(spec: str = "auto") -> PageReader:
    """Open a page reader; a server is not called and weights are not read before the first page.

    Args:
        spec: "rapidocr", "tesseract", "tesseract:LANGUAGES", "deepocr:FOLDER", "openai:URL#MODEL", or "auto": the
            first of rapidocr and tesseract that is here. FOLDER and URL are the user's, never a page's.

    Raises:
        ConfigError: A malformed name, or an engine that is not here; MissingExtra where a pip install mends it.
    """
    kind, _, rest = spec.partition(":")
    match kind:
        case "auto" if not rest:
            return _first()
        case "rapidocr" if not rest:
            from .rapid import RapidReader

            return RapidReader()
        case "tesseract":
            from .tesseract import TesseractReader

            return TesseractReader(rest or "eng")
        case "deepocr" if rest:
            from .network import NetworkReader

            return NetworkReader(Path(rest).expanduser())
        case "openai" if rest:
            return _server(spec, rest)
        case _:
            raise ConfigError(f"{spec!r} names no reader of pages.", mend=f"Valid forms: {FORMS}.")


def open_safe(spec: str = "auto") -> PageReader:
    """As `open_reader`; a model that can go round in circles is watched, and checked by a CPU engine if one is here.

    Raises:
        ConfigError: As `open_reader`.
    """
    reader = open_reader(spec)
    if spec.partition(":")[0] not in ("deepocr", "openai"):
        return reader
    from .safe import SafeReader

    try:
        second = _first()
    except ConfigError:
        second = None
    return SafeReader(reader, second)


def _first() -> PageReader:
    here = {state.form for state in engines() if not state.missing}
    for name in ("rapidocr", "tesseract"):
        if name in here:
            return open_reader(name)
    raise ConfigError(
        "No reader of pages is installed.",
        mend="pip install 'tenfold[ocr]', or name a server: openai:URL#MODEL.",
    )


def _server(spec: str, rest: str) -> PageReader:
    from .server import ServerReader

    url, _, model = rest.rpartition("#")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not model:
        raise ConfigError(
            f"{spec!r} is no address with a model.", mend="Write openai:http://localhost:8000/v1#deepseek-ocr"
        )
    return ServerReader(url, model)
