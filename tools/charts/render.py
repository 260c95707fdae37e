"""Drawing with matplotlib: no pyplot, no mathematics in labels, the same bytes for the same chart.

matplotlib keeps its settings in one global table, so drawings are made one at a time.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import warnings
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel, ConfigDict

from ...errors import MissingExtra
from .spec import ChartSpec, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ChartFormat = Literal["svg", "png"]
_MEDIA: dict[ChartFormat, str] = {"svg": "image/svg+xml", "png": "image/png"}
# Okabe and Ito's colours, told apart by colour-blind readers too.
_COLOURS = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8B7500", "#000000"]
_CJK_FONTS = (
    "Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans KR", "Noto Sans JP", "Noto Sans SC",
    "Source Han Sans", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo", "Hiragino Sans", "Yu Gothic",
    "IPAexGothic", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "Droid Sans Fallback", "Unifont",
)  # fmt: skip
_SETTINGS: dict[str, Any] = {
    "axes.edgecolor": "#888888",
    "axes.formatter.use_mathtext": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 14,
    "axes.unicode_minus": False,
    "figure.constrained_layout.h_pad": 0.1,
    "figure.constrained_layout.w_pad": 0.1,
    "font.size": 10,
    "svg.fonttype": "none",  # words stay words: they can be searched, read aloud, and shown in the reader's fonts
    "svg.hashsalt": "tenfold",
    "text.parse_math": False,
    "text.usetex": False,
}
_ONE_AT_A_TIME = threading.Lock()


class Chart(BaseModel):
    """A drawn chart.

    Attributes:
        alt: The chart in words.
        warnings: What a reader will see that is not as meant, such as missing glyphs.
    """

    model_config = ConfigDict(frozen=True)

    data: bytes
    media_type: str
    sha256: str
    alt: str
    source_ids: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def render(spec: ChartSpec, *, format: ChartFormat = "svg", width: int = 800, height: int = 480) -> Chart:
    """Draw a chart.

    Args:
        spec: The data and the words.
        format: `svg` or `png`.
        width: Pixels, 200 to 2,000.
        height: Pixels, 150 to 2,000.

    Raises:
        MissingExtra: matplotlib is not installed.
        ValueError: The size is out of bounds.
    """
    if not (200 <= width <= 2000 and 150 <= height <= 2000):
        raise ValueError(
            f"A chart of {width!r} x {height!r} pixels is not drawn; stay between 200 x 150 and 2,000."
        )
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtra("Drawing charts", "charts") from error
    with _ONE_AT_A_TIME, matplotlib.rc_context(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cast("dict[str, Any]", matplotlib.rcParams).update(_plain_settings())
        data = _draw(spec, format, width, height)
    notes = tuple(dict.fromkeys(_note(str(w.message)) for w in caught if "lyph" in str(w.message)))
    return Chart(
        data=data,
        media_type=_MEDIA[format],
        sha256=hashlib.sha256(data).hexdigest(),
        alt=spec.alt,
        source_ids=spec.source_ids,
        warnings=notes,
    )


def _plain_settings() -> dict[str, Any]:
    """matplotlib's own defaults, so that a matplotlibrc on the machine changes nothing, and ours."""
    import matplotlib

    defaults = {
        key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")
    }
    return {**defaults, **_SETTINGS, "font.family": ["DejaVu Sans", *_cjk_fonts()]}


@cache
def _cjk_fonts() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    present = {font.name for font in fontManager.ttflist}
    return tuple(name for name in _CJK_FONTS if name in present)


def _note(message: str) -> str:
    if "missing" not in message:
        return message
    return f"{message.split(' missing')[0]} is in no font here; install a CJK font such as Noto Sans CJK."


def _draw(spec: ChartSpec, format: ChartFormat, width: int, height: int) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 100, height / 100), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    if spec.kind == "pie":
        _pie(axes, spec.series[0])
    else:
        _plot(axes, spec)
        _dress(figure, axes, spec)
    axes.set_title(_wrap(spec.title, (width - 100) // 11))
    out = io.BytesIO()
    if format == "svg":
        meta = {"Date": None, "Creator": None, "Title": spec.title}
        FigureCanvasSVG(figure).print_figure(out, format="svg", metadata=meta)
    else:
        FigureCanvasAgg(figure).print_figure(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _plot(axes: Axes, spec: ChartSpec) -> None:
    if spec.kind == "histogram":
        values = [[point.y for point in series.points] for series in spec.series]
        bins = min(50, max(5, round(max(len(v) for v in values) ** 0.5)))
        axes.hist(values, bins=bins, color=_colours(len(values)), edgecolor="white", linewidth=0.6)
    elif spec.kind == "bar":
        _bars(axes, spec)
    else:
        for series, colour in zip(spec.series, _colours(len(spec.series)), strict=True):
            xs, ys = _coordinates(spec, series)
            if spec.kind == "scatter":
                axes.scatter(xs, ys, s=22, color=colour, label=series.name)
            else:
                marker = "o" if len(xs) <= 30 else ""
                axes.plot(xs, ys, color=colour, marker=marker, markersize=4, linewidth=1.8, label=series.name)


def _coordinates(spec: ChartSpec, series: Series) -> tuple[list[Any], list[float]]:
    """x and y; a line over numbers or dates goes from left to right, categories keep their order."""
    pairs = [(date.fromisoformat(str(p.x)) if spec.dates else p.x, p.y) for p in series.points]
    if spec.kind == "line" and (spec.dates or not isinstance(series.points[0].x, str)):
        pairs.sort(key=lambda pair: pair[0])
    return [x for x, _ in pairs], [y for _, y in pairs]


def _bars(axes: Axes, spec: ChartSpec) -> None:
    """Groups of bars from zero; lying when the names are long, so that they can be read."""
    names = list(dict.fromkeys(_name(point.x) for series in spec.series for point in series.points))
    lying = _lies(spec)
    thick = 0.8 / len(spec.series)
    for number, (series, colour) in enumerate(zip(spec.series, _colours(len(spec.series)), strict=True)):
        shift = (number - (len(spec.series) - 1) / 2) * thick
        places = [names.index(_name(point.x)) + shift for point in series.points]
        values = [point.y for point in series.points]
        if lying:
            axes.barh(places, values, thick, color=colour, label=series.name)
        else:
            axes.bar(places, values, thick, color=colour, label=series.name)
    shown = [_short(name, 40) for name in names]
    if lying:
        axes.set_yticks(range(len(names)), shown)
        axes.invert_yaxis()
    else:
        axes.set_xticks(range(len(names)), shown, rotation=0 if len("".join(shown)) < 70 else 40, ha="center")


def _lies(spec: ChartSpec) -> bool:
    names = {_name(point.x) for series in spec.series for point in series.points}
    return spec.kind == "bar" and (max(map(len, names)) > 14 or len(names) > 14)


def _pie(axes: Axes, series: Series) -> None:
    slices = [point for point in series.points if point.y > 0]
    total = sum(point.y for point in slices)
    labels = [f"{_short(_name(point.x), 30)}  {point.y / total:.1%}" for point in slices]
    axes.pie(
        [point.y for point in slices],
        labels=labels,
        colors=_colours(len(slices)),
        startangle=90,
        counterclock=False,
    )
    axes.set_aspect("equal")


def _dress(figure: Figure, axes: Axes, spec: ChartSpec) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    lying = _lies(spec)
    numbers = FuncFormatter(_number)
    value_axis = axes.xaxis if lying else axes.yaxis
    value_axis.set_major_formatter(numbers)
    if spec.kind == "histogram":
        value_axis.set_major_locator(MaxNLocator(integer=True))  # counts are whole
    value_axis.grid(True, color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel(_wrap(spec.y if lying else spec.x, 90))
    axes.set_ylabel(_wrap(spec.x if lying else spec.y, 50))
    xs = {point.x for series in spec.series for point in series.points}
    if spec.kind in ("line", "scatter") and all(isinstance(x, float) and x.is_integer() for x in xs):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no year 2021.5
    if spec.dates and spec.kind in ("line", "scatter"):
        figure.autofmt_xdate(rotation=30)
    if len(spec.series) > 1:
        axes.legend(
            frameon=False,
            fontsize=9,
            labels=[_short(s.name or f"series {n}", 40) for n, s in enumerate(spec.series, 1)],
        )


def _number(value: float, _: int | None) -> str:
    return f"{value:,.10g}".replace("-", "−")


def _colours(count: int) -> list[str]:
    return [_COLOURS[n % len(_COLOURS)] for n in range(count)]


def _name(x: float | str) -> str:
    return x if isinstance(x, str) else f"{x:.10g}"


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _wrap(text: str, columns: int) -> str:
    """At most three lines; a Chinese, Japanese or Korean character is two columns wide and may end a line."""
    lines, line, used = [], "", 0
    for piece in re.findall(
        r"[\u1100-\ud7ff\uf900-\ufaff\uff00-\uffef]|[^\s\u1100-\ud7ff\uf900-\ufaff\uff00-\uffef]+|\s+", text
    ):
        wide = sum(2 if ch > "\u10ff" else 1 for ch in piece)
        if used + wide > max(columns, 20) and line.strip():
            lines.append(line.strip())
            line, used = "", 0
        line, used = line + piece, used + wide
    lines.append(line.strip())
    if len(lines) > 3:
        lines[2] += " …"
    return "\n".join(lines[:3])
