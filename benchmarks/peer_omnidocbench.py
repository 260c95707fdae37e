"""Page readers on the pages of OmniDocBench's public demo subset, page by page.

    python benchmarks/peer_omnidocbench.py FOLDER [ENGINE …]

FOLDER has pages.json and images/ (research use only: nothing of it is kept here). Engines as `tenfold read --engine`
names them; without any, the CPU engines that are installed.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from _common import write_result

from tenfold.evals.ocr import PageScore, load_pages, score_page
from tenfold.models.reading import open_reader


def cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def mean(values: list[float | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{sum(known) / len(known):.3f}" if known else "-"


FIELDS = ("text", "whole_text", "order", "tables", "table_structure")


def main() -> None:
    folder = Path(sys.argv[1])
    engines = sys.argv[2:] or ["rapidocr", *(["tesseract"] if shutil.which("tesseract") else [])]
    pages = load_pages(folder)
    parts: list[str] = []
    for engine in engines:
        reader = open_reader(engine)
        lines = [
            "| page | language | layout | text NED | whole NED | order | TEDS | TEDS-S | CPU s |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        scores: list[PageScore] = []
        for page in pages:
            began = time.process_time()
            (reading,) = reader.read([page.image.read_bytes()])
            seconds = time.process_time() - began
            texts = [b.text for b in reading.blocks if "<table" not in b.text]
            scores.append(score_page(page, texts, [b.text for b in reading.blocks if "<table" in b.text]))
            cells = [cell(getattr(scores[-1], name)) for name in FIELDS]
            about = page.attributes
            name = page.image.stem[:28]
            lines.append(
                f"| {name} | {about['language']} | {about['layout']} | "
                + " | ".join(cells)
                + f" | {seconds:.1f} |"
            )
            print(engine, lines[-1], flush=True)
        means = [mean([getattr(s, name) for s in scores]) for name in FIELDS]
        lines.append("| **mean** | | | " + " | ".join(means) + " | |")
        parts.append(f"## {engine} ({reader.name})\n\n" + "\n".join(lines))
    note = (
        f"{len(pages)} pages. Lower is better but for TEDS. Text NED pairs paragraphs one to one (the published scorer's"
        " `simple_match`; its `quick_match`, which also merges split paragraphs, is not used, so engines that split"
        " otherwise than the annotators score worse here than there); whole NED compares the page's text in one piece."
        " The CPU engines find no tables: their text is read, their structure is not. Tesseract has the languages"
        " after its name. CPU s of this process alone: tesseract's own process is not in it."
    )
    write_result(
        "omnidocbench",
        "OmniDocBench's demo pages",
        "python benchmarks/peer_omnidocbench.py FOLDER",
        note + "\n\n" + "\n\n".join(parts),
    )


if __name__ == "__main__":
    main()
