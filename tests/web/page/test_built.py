"""The built page is what its source says, and small; the source's own tests pass."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCE, BUILT = ROOT / "web" / "page", ROOT / "web" / "dist"


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_built_files_match_the_source(page_source: Path) -> None:
    done = subprocess.run(
        ["npm", "run", "build"], cwd=page_source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    fresh, kept = files(page_source.parent / "dist"), files(BUILT)
    assert fresh.keys() == kept.keys(), "run: make page"
    assert [name for name in fresh if fresh[name] != kept[name]] == [], "run: make page"


def test_the_sources_own_tests_pass(page_source: Path) -> None:
    done = subprocess.run(["npm", "test"], cwd=page_source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_script_is_small_and_nothing_is_inline_or_from_elsewhere() -> None:
    index = (BUILT / "index.html").read_text()
    (script,) = re.findall(r'<script[^>]*src="([^"]+)"[^>]*></script>', index)
    assert len(re.findall(r"<script", index)) == 1 and "<style" not in index and "style=" not in index
    assert script.startswith("/assets/") and "http" not in index
    assert (BUILT / script.lstrip("/")).stat().st_size < 450_000


def test_no_source_file_is_longer_than_five_hundred_lines() -> None:
    for path in (SOURCE / "src").rglob("*"):
        if path.suffix in {".ts", ".tsx", ".css"}:
            assert path.read_text().count("\n") <= 500, path
