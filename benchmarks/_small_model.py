"""What the small DeepOCR's training adds to the class: a configuration, first weights, a head that is thrown away."""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from _small_pages import BOS, EOS, FIRST, GRID, IMAGE, LETTERS, PAD, VOCAB, Batch
from torch import Tensor, nn

from tenfold.models.deepocr import ClipConfig, DecoderConfig, DeepOcr, DeepOcrConfig, SamConfig, ViewSizes

PART = 32
PAPER = 0.7
"""A page's mean brightness in -1..1."""
SIZES = (64, 128, 192, 256)


def configuration(width: str) -> DeepOcrConfig:
    """The model of DeepOCR's class: "cpu" for one core and an hour, "gpu" for a lease of a large card."""
    wide = width == "gpu"
    return DeepOcrConfig(
        sam=SamConfig(
            width=160 if wide else 128, layers=6 if wide else 4, heads=5 if wide else 4, mlp=640 if wide else 512,
            window=4, global_layers=(2, 5) if wide else (1, 3), image_size=256, neck=80 if wide else 64,
            compressor=(160 if wide else 128, 256), stem="conv",
        ),
        clip=ClipConfig(width=256, layers=3 if wide else 2, heads=4, mlp=1024, grid=4, patch=0),
        decoder=DecoderConfig(
            width=256, layers=4 if wide else 2, heads=4, vocab=VOCAB, mlp=640 if wide else 512, experts=0,
            experts_per_token=0, shared_experts=0, dense_layers=0, context=512, bos=BOS, eos=EOS, pad=PAD, image=IMAGE,
        ),
        modes={str(size): ViewSizes(size, pad=False) for size in SIZES},
    )  # fmt: skip


def write_tokenizer(folder: Path) -> None:
    """A tokenizer.json whose tokens are single letters."""
    from tokenizers import AddedToken, Tokenizer, decoders, models

    names = ["<begin>", "<end>", "<pad>", "<image>", "<other>", *LETTERS]
    tokenizer = Tokenizer(models.BPE({name: i for i, name in enumerate(names)}, [], unk_token="<other>"))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken(n, normalized=False, special=True) for n in names[:FIRST]])
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str())), "utf-8")


class Trainee(nn.Module):
    """The model, and three heads that are dropped after training: on its vision tokens, on SAM's patches before them, and
    on the decoder's first layer.

    A head says what stands in each slot of a token's 64x64 pixels (a patch's 16x16), all at once; so the encoder learns
    letters, and what to keep of them, before the decoder can ask for it. The output layer is one for all slots: a rare
    slot learns from the common ones. The decoder's head says where the next letter stands, token and slot: to count, to see
    how large the letters are and to look there are three things, and the text's loss alone teaches them slowly.
    """

    def __init__(self, config: DeepOcrConfig) -> None:
        super().__init__()
        self.ocr = DeepOcr(config)
        self.slots = nn.Linear(config.decoder.width, math.prod(GRID[64]) * PART)
        self.patch_slots = nn.Sequential(
            nn.LayerNorm(config.sam.width), nn.Linear(config.sam.width, math.prod(GRID[16]) * PART)
        )
        self.letters = nn.Sequential(nn.LayerNorm(PART), nn.Linear(PART, VOCAB))
        self.places = nn.Linear(config.decoder.width, max(SIZES) ** 2 // 64**2 + math.prod(GRID[64]))
        self.patches = self.first = torch.empty(0)
        self.ocr.model.layers[0].register_forward_hook(self._keep_first)
        self.ocr.model.sam_model.blocks[-1].register_forward_hook(self._keep)
        self._start()

    def _start(self) -> None:
        """First weights; the class itself starts from zeros, as a place for a checkpoint's.

        Every layer keeps the scale of what it is given (torch's own start shrinks it by 1.7 in each), and the stem's
        first layer sees white paper as nothing: else the paper's brightness outshouts the letters for long.
        """
        body = self.ocr.model
        for part in (body.sam_model, body.vision_model, body.projector):
            for layer in part.modules():
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    nn.init.normal_(layer.weight, std=layer.weight[0].numel() ** -0.5)
                    if layer.bias is not None:
                        nn.init.zeros_(layer.bias)
        stem = [layer for layer in body.sam_model.patch_embed.proj if isinstance(layer, nn.Conv2d)]
        for layer in stem:
            nn.init.normal_(layer.weight, std=(2 / layer.weight[0].numel()) ** 0.5)
        with torch.no_grad():
            stem[0].weight.mul_(2)  # ink moves a pixel by about half of the range
            stem[0].bias.copy_(-PAPER * stem[0].weight.sum((1, 2, 3)))
        for block in body.sam_model.blocks:
            block.attn.proj.weight.data.mul_(0.5)
            block.mlp.lin2.weight.data.mul_(0.5)
        for tensor in (body.sam_model.pos_embed, body.vision_model.embeddings.class_embedding):
            nn.init.normal_(tensor, std=0.1)
        nn.init.normal_(body.vision_model.embeddings.position_embedding.weight, std=0.1)
        for tensor in (body.embed_tokens.weight, body.image_newline, body.view_seperator):
            nn.init.normal_(tensor, std=0.5)

    def _keep(self, _module: nn.Module, _inputs: object, output: Tensor) -> None:
        self.patches = output

    def _keep_first(self, _module: nn.Module, _inputs: object, output: Tensor) -> None:
        self.first = output

    def place_loss(self, batch: Batch) -> Tensor:
        """Of the decoder's first layer, before each letter: token and slot where it stands, nats for both."""
        n = batch.task.letters
        square, slot = batch.regions[64]
        inside = torch.arange(n, device=square.device) < batch.lengths[:, None]
        said = self.places(self.first[:, -n - 1 : -1]).float()
        tokens, slots = said.split([said.shape[-1] - math.prod(GRID[64]), math.prod(GRID[64])], -1)
        pairs = ((tokens, square), (slots, slot))
        return sum(
            F.cross_entropy(one.flatten(0, 1), torch.where(inside, place, -100).flatten())
            for one, place in pairs
        )

    def slot_loss(self, squares: Tensor, batch: Batch, pixels: int) -> tuple[Tensor, Tensor]:
        """Slots of the squares of a page, [B, squares, slots·PART]: nats a letter, and the share that is right."""
        square, slot = batch.regions[pixels]
        parts = squares.view(*squares.shape[:2], -1, PART)[
            :, square.to(squares.device), slot.to(squares.device)
        ]
        said = self.letters(parts).float()  # [B, N, vocab]
        return F.cross_entropy(said.flatten(0, 1), batch.ids.flatten()), share_right(said, batch)

    def read(self, vision: Tensor, ids: Tensor) -> Tensor:
        """Logits of each letter and of the end, the letters before it given: [B, q, q, width], [B, N] -> [B, N+1, vocab]."""
        body, batch = self.ocr.model, len(ids)
        newline = body.image_newline.expand(batch, vision.shape[1], 1, -1)
        page = torch.cat([vision, newline], 2).flatten(1, 2)
        begin = body.embed_tokens(ids.new_full((batch, 1), BOS))
        end = body.view_seperator.expand(batch, 1, -1).to(page.dtype)
        x = torch.cat([begin, page, end, body.embed_tokens(ids)], 1)
        hidden = body(x)[:, page.shape[1] + 1 :]
        return self.ocr.logits(hidden)

    def forward(self, batch: Batch, decoder: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Losses (the heads', decoder's) in nats a letter; shares right (the tokens' head, the decoder, the patches' head).

        Without `decoder` its numbers are zeros: while the encoder sees nothing, it could only learn to guess.
        """
        vision = self.ocr.view_tokens(batch.pixels)
        slot_loss, slot_right = self.slot_loss(self.slots(vision.flatten(1, 2)), batch, 64)
        patch_loss, patch_right = self.slot_loss(self.patch_slots(self.patches.flatten(1, 2)), batch, 16)
        heads = slot_loss + 0.5 * patch_loss
        if not decoder:
            return (
                heads,
                heads.new_zeros(()),
                torch.stack([slot_right, heads.new_zeros(()), patch_right]).detach(),
            )
        told = self.read(vision, batch.ids)
        n = batch.task.letters
        at = torch.arange(n + 1, device=batch.ids.device)
        wanted = F.pad(batch.ids, (0, 1), value=PAD)
        wanted = torch.where(at == batch.lengths[:, None], EOS, wanted)
        wanted = torch.where(at <= batch.lengths[:, None], wanted, -100)
        told_loss = F.cross_entropy(told.flatten(0, 1), wanted.flatten())
        told_right = share_right(told[:, :n], batch)
        heads = heads + 0.3 * self.place_loss(batch)
        return heads, told_loss, torch.stack([slot_right, told_right, patch_right]).detach()


def share_right(logits: Tensor, batch: Batch) -> Tensor:
    """Share of the page's letters that [B, N, vocab] puts first; written without indices by a mask, which compile breaks at."""
    inside = batch.ids != PAD
    return ((logits.argmax(-1) == batch.ids) & inside).sum() / inside.sum()
