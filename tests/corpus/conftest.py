from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.models.embedding import MiniLM, open_minilm
from tenfold.settings import load_settings
from tenfold.text import content_words
from tenfold.tools.corpus import Corpus, ReaderPool, ReadLimits

MakePdf = Callable[..., bytes]


class WordHash:
    """A real, crude embedder (the hashing trick) for tests of the index's mechanics."""

    def __init__(self, name: str = "word-hash", dimension: int = 64) -> None:
        self.name, self.dimension = name, dimension
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += texts
        out = np.zeros((len(texts), self.dimension), np.float32)
        for i, text in enumerate(texts):
            for word in content_words(text):
                out[i, zlib.crc32(word.encode()) % self.dimension] += 1
            out[i, 0] += 1e-3
            out[i] /= np.linalg.norm(out[i])
        return out


@pytest.fixture
def embedder() -> WordHash:
    return WordHash()


@pytest.fixture(scope="session")
def minilm() -> MiniLM:
    return open_minilm(load_settings())


@pytest.fixture(scope="session")
def pool() -> Iterator[ReaderPool]:
    with ReaderPool(ReadLimits(), size=1) as pool:
        yield pool


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


@pytest.fixture
def corpus(tmp_path: Path, embedder: WordHash) -> Iterator[Corpus]:
    with Corpus.open(tmp_path / "index", embedder) as corpus:
        yield corpus


@pytest.fixture(scope="session")
def make_pdf() -> MakePdf:
    """A small PDF written by hand: one list of lines for each page, in any script.

    Text is written as two-byte codes of a font that is not embedded; the ToUnicode map says what they mean.
    """

    def make(*pages: list[str], title: str = "") -> bytes:
        letters = sorted({ch for lines in pages for line in lines for ch in line})
        code = {ch: i + 1 for i, ch in enumerate(letters)}
        pairs = "".join(f"<{code[c]:04X}> <{c.encode('utf-16-be').hex().upper()}>\n" for c in letters)
        cmap = (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
            "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
            + "".join(
                f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n"
                for part in (pairs.strip().split("\n")[i : i + 100] for i in range(0, len(letters), 100))
            )
            + "endcmap end end"
        )
        objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{7 + 2 * i} 0 R' for i in range(len(pages)))}] >>",
            "<< /Type /Font /Subtype /Type0 /BaseFont /Test /Encoding /Identity-H /DescendantFonts [4 0 R]"
            " /ToUnicode 5 0 R >>",
            "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Test /DW 500 /CIDSystemInfo"
            " << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
            f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
            f"<< /Title ({title}) /CreationDate (D:20240305120000Z) >>",
        ]
        for i, lines in enumerate(pages):
            body = "BT /F1 12 Tf 50 780 Td\n"
            body += (
                "".join(f"<{''.join(f'{code[c]:04X}' for c in line)}> Tj 0 -16 Td\n" for line in lines) + "ET"
            )
            objects.append(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {8 + 2 * i} 0 R"
                " /Resources << /Font << /F1 3 0 R >> >> >>"
            )
            objects.append(f"<< /Length {len(body)} >>\nstream\n{body}\nendstream")
        out = "%PDF-1.7\n"
        offsets: list[int] = []
        for number, content in enumerate(objects, start=1):
            offsets.append(len(out))
            out += f"{number} 0 obj\n{content}\nendobj\n"
        at = len(out)
        out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(
            f"{o:010} 00000 n \n" for o in offsets
        )
        out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{at}\n%%EOF\n"
        return out.encode("latin-1")

    return make
