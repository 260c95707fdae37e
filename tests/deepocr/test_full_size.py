"""DeepEncoder at the official size against transformers' class, and its memory. Minutes and 8 GB: `pytest -m full`."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from deepocr_world import TINY, oracle, stored, tiny_model

from tenfold.models.deepocr import DeepOcrConfig, load

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]

FULL = DeepOcrConfig(decoder=TINY.decoder)  # encoder and projector of the official size, a decoder of none


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(tmp_path_factory.mktemp("full"), tiny_model(FULL, scaled=True))


def test_features_are_the_oracles_at_every_size(folder: Path) -> None:
    ours, theirs = load(folder), oracle(folder, FULL)
    for size in (512, 640, 1024, 1280):
        pixels = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(size)) * 2 - 1
        with torch.no_grad():
            mine = ours.features(pixels)
            expected = theirs.model.vision_tower(pixels).last_hidden_state
        apart = float((mine - expected).abs().max() / expected.abs().max())
        print(f"{size} px: {apart:.1e}")
        assert apart < 1e-4


def test_a_view_of_1024_pixels_takes_little_memory_above_the_weights(folder: Path) -> None:
    script = textwrap.dedent(
        """
        import json, sys, torch
        from pathlib import Path
        from tenfold.models.deepocr import load

        def status(name):
            lines = dict(l.split(":", 1) for l in Path("/proc/self/status").read_text().splitlines() if ":" in l)
            return int(lines[name].split()[0]) * 1024

        torch.set_num_threads(1)
        model = load(Path(sys.argv[1]))
        with torch.inference_mode():
            model.features(torch.zeros(1, 3, 512, 512))
            before = status("VmRSS")
            Path("/proc/self/clear_refs").write_text("5")
            model.features(torch.zeros(1, 3, 1024, 1024))
        print(json.dumps({"extra": status("VmHWM") - before}))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], check=True, capture_output=True, text=True
    )
    extra = json.loads(done.stdout.splitlines()[-1])["extra"]
    print(f"{extra / 1e9:.2f} GB above the weights")
    assert extra <= 0.6e9
