"""The rules of the house, held by test: sizes, links, imports, the wheel, and the cost of an import."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "graphs", "tools", "models", "evals", "web")
FACE = "tenfold"


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    return [
        ROOT / line for line in listing if line and (ROOT / line).is_file() and not (ROOT / line).is_symlink()
    ]


PYTHON = [path for path in tracked("*.py") if path.exists()]
PACKAGE = [p for p in PYTHON if p.relative_to(ROOT).parts[0] in (*ROOMS, FACE)]


def test_the_package_is_found() -> None:
    assert len(PACKAGE) > 30


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_over_500_lines_and_no_function_over_60(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 500, f"{path} has {text.count(chr(10))} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{path.name}:{node.name} has {length} lines"


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_mounted_by_a_relative_link(room: str) -> None:
    link = ROOT / FACE / room
    assert link.is_symlink() and os.readlink(link) == f"../{room}"
    assert (ROOT / room / "__init__.py").is_file()


@pytest.mark.parametrize(
    "path", [p for p in PACKAGE if p.name == "__init__.py"], ids=lambda p: str(p.relative_to(ROOT))
)
def test_public_names_are_sorted(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = next(
        (
            [ast.literal_eval(e) for e in node.value.elts]
            for node in tree.body
            if isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
            and isinstance(node.value, ast.List | ast.Tuple)
        ),
        None,
    )
    has_more_than_a_docstring = any(not isinstance(n, ast.Expr) for n in tree.body)
    assert names is not None or not has_more_than_a_docstring, f"{path} has no __all__"
    order = sorted(names or [], key=lambda n: (not n.isupper(), not n[0].isupper(), n))  # ruff's RUF022
    assert list(names or []) == order


def imports(path: Path) -> list[tuple[int, str, int]]:
    """(level, module, line) of every from-import and import."""
    found: list[tuple[int, str, int]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.append((node.level, node.module or "", node.lineno))
        elif isinstance(node, ast.Import):
            found += [(0, alias.name, node.lineno) for alias in node.names]
    return found


@pytest.mark.parametrize(
    "path",
    [p for p in PACKAGE if p.relative_to(ROOT).parts[0] in ROOMS],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_rooms_import_each_other_relatively_and_only_at_the_door(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    for level, module, line in imports(path):
        assert not (level == 0 and module.split(".")[0] in (FACE, *ROOMS)), (
            f"{path}:{line} imports {module} absolutely"
        )
        if level == 0:
            continue
        base = parts[: len(parts) - level] if level <= len(parts) else ()
        target = [*base, *(module.split(".") if module else [])]
        if not target or target[0] not in ROOMS:
            continue  # a leaf of the face
        holder = tuple(target if ROOT.joinpath(*target).is_dir() else target[:-1])
        if parts[: len(holder)] == holder:
            continue  # this folder, or one that it stands in
        # From another folder only the folder may be named: what lies behind its __init__ is its own business.
        named = ROOT.joinpath(*target)
        assert named.is_dir(), (
            f"{path}:{line} reaches past the door of {'.'.join(target[:-1])}: {'.'.join(target)}"
        )


def test_imports_run_one_way() -> None:
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 kept, 0 broken" in result.stdout


@pytest.mark.parametrize(
    "module", [FACE, *(f"{FACE}.{room}" for room in ROOMS), f"{FACE}.cli", f"{FACE}.errors"]
)
def test_importing_is_cheap(module: str) -> None:
    code = f"import os,{module}; t=os.times(); print(t.user + t.system)"
    bare = "import os; t=os.times(); print(t.user + t.system)"

    def cpu(source: str) -> float:
        return min(
            float(
                subprocess.run(
                    [sys.executable, "-c", source], capture_output=True, text=True, check=True
                ).stdout
            )
            for _ in range(3)
        )

    assert cpu(code) - cpu(bare) < 0.3


def test_a_room_imported_bare_fails_loudly() -> None:
    # An editable install puts the repository on the path; a second copy of a module must not load from there.
    code = "import graphs.edr"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0 and "beyond top-level package" in result.stderr


@pytest.mark.slow
def test_the_wheel_built_from_the_sdist_holds_every_file(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in inside}
    assert {t for t in tops if not t.endswith(".dist-info")} == {FACE}
    wanted = {str(p.relative_to(ROOT)) for p in tracked(*ROOMS, FACE, "docs/guide", ":!web/page")}
    wanted = {w if w.startswith(f"{FACE}/") else f"{FACE}/{w}" for w in wanted}
    assert wanted - inside == set()
    assert not [name for name in inside if "__pycache__" in name or "/web/page/" in name]
    assert "tenfold/web/dist/index.html" in inside
    # What a run is given as its sample documents stands where an installed Tenfold looks for it.
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    code = "import tenfold; from tenfold.web.api.inputs import sample_folder as f; print(tenfold.__file__); print(f())"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "installed", env={**os.environ, "PYTHONSAFEPATH": ""},
        capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    assert told[0].startswith(str(tmp_path))
    assert {p.name for p in Path(told[1]).iterdir()} == {p.name for p in tracked("docs/guide")}


def test_langgraph_json_names_graphs_that_load() -> None:
    config = json.loads((ROOT / "langgraph.json").read_text())
    assert config["graphs"]
    for target in config["graphs"].values():
        module, _, attribute = target.partition(":")
        code = (
            f"from {module} import {attribute} as g; g = g() if callable(g) else g; print(type(g).__name__)"
        )
        out = subprocess.run(
            [sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=True
        ).stdout
        assert "Graph" in out


def test_no_registry_host_and_no_machine_path_is_written_down() -> None:
    banned = re.compile(
        r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian\.org|files\.pythonhosted|/tmp/venv|/work/"
    )
    for path in tracked("*"):
        if path.suffix in {".png", ".gguf", ".pdf", ".docx", ".xlsx", ".svg"} or path == Path(__file__):
            continue
        text = path.read_text(errors="ignore")
        assert not banned.search(text), f"{path} names {banned.search(text)}"
