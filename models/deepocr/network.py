"""DeepSeek-OCR whole: pictures to vision tokens, vision tokens and text to logits (arXiv 2510.18234)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .clip import Clip
from .config import DeepOcrConfig
from .decoder import Decoder
from .pictures import Views
from .sam import Sam


class Projector(nn.Module):
    """Linear from DeepEncoder's features to the decoder's width."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.layers = nn.Linear(before, after)

    def forward(self, features: Tensor) -> Tensor:
        """[..., before] -> [..., after]."""
        return self.layers(features)


class Body(Decoder):
    """Everything below the head; its attribute names are the checkpoint's."""

    def __init__(self, config: DeepOcrConfig) -> None:
        super().__init__(config.decoder)
        width = config.decoder.width
        self.embed_tokens = nn.Embedding(config.decoder.vocab, width)
        self.sam_model = Sam(config.sam)
        self.vision_model = Clip(config.clip)
        self.projector = Projector(2 * config.clip.width, width)
        self.image_newline = nn.Parameter(torch.zeros(width))
        self.view_seperator = nn.Parameter(torch.zeros(width))  # sic: the checkpoint's name


class DeepOcr(nn.Module):
    """The model of one configuration."""

    def __init__(self, config: DeepOcrConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Body(config)
        self.lm_head = nn.Linear(config.decoder.width, config.decoder.vocab, bias=False)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.lm_head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """What the weights are held in."""
        return self.lm_head.weight.dtype

    def features(self, pixels: Tensor) -> Tensor:
        """DeepEncoder: pixels [B, 3, S, S] -> features [B, (S/64)², 2·clip width], CLIP's first (section 3.2)."""
        tokens = self.model.sam_model(pixels).flatten(2).transpose(1, 2)
        return torch.cat([self.model.vision_model(tokens), tokens], -1)

    def view_tokens(self, pixels: Tensor) -> Tensor:
        """Pixels [B, 3, S, S] -> vision tokens [B, S/64, S/64, decoder width]."""
        tokens = self.model.projector(self.features(pixels))
        side = pixels.shape[-1] // 64
        return tokens.view(pixels.shape[0], side, side, -1)

    def encode(self, pages: Sequence[Views], batch: int = 16) -> list[Tensor]:
        """Vision tokens of pages, each [placeholders, decoder width], as the decoder takes them.

        Views of one size go through together, whichever pages they come from, `batch` at a time.
        """
        pictures = [view for page in pages for view in (page.whole, *page.tiles)]
        tokens: list[Tensor | None] = [None] * len(pictures)
        for size in sorted({view.shape[-1] for view in pictures}):
            places = [i for i, view in enumerate(pictures) if view.shape[-1] == size]
            for at in range(0, len(places), batch):
                some = places[at : at + batch]
                stacked = torch.stack([pictures[i] for i in some]).to(self.device, self.dtype)
                for place, grid in zip(some, self.view_tokens(stacked), strict=True):
                    tokens[place] = grid
        ready = iter(t for t in tokens if t is not None)
        return [self._assemble(page, next(ready), [next(ready) for _ in page.tiles]) for page in pages]

    def _assemble(self, page: Views, whole: Tensor, tiles: list[Tensor]) -> Tensor:
        """Local rows, global rows, separator; each row ends with the newline token (section 1.4)."""
        parts: list[Tensor] = []
        if tiles:
            columns, rows = page.grid
            side, width = tiles[0].shape[0], tiles[0].shape[-1]
            local = torch.stack(tiles).view(rows, columns, side, side, width)
            parts.append(self._rows(local.permute(0, 2, 1, 3, 4).reshape(rows * side, columns * side, width)))
        parts += [self._rows(whole), self.model.view_seperator[None]]
        return torch.cat(parts)

    def _rows(self, grid: Tensor) -> Tensor:
        newline = self.model.image_newline.expand(grid.shape[0], 1, -1)
        return torch.cat([grid, newline], 1).flatten(0, 1)

    def embed(self, ids: Tensor, vision: Tensor | None) -> Tensor:
        """Embeddings [T, width] of ids [T], image placeholders taken from `vision` in order.

        Raises:
            ValueError: Another number of placeholders than of vision tokens.
        """
        x = self.model.embed_tokens(ids)
        if vision is None:
            return x
        places = (ids == self.config.decoder.image).nonzero()[:, 0]
        if len(places) != len(vision):
            raise ValueError(f"{len(places)} placeholders for {len(vision)} vision tokens")
        return x.index_copy(0, places, vision.to(x.dtype))

    def logits(self, hidden: Tensor) -> Tensor:
        """[..., width] -> [..., vocab], fp32."""
        return self.lm_head(hidden).float()
