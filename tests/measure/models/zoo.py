"""Twelve models of the usual kinds, each with an optimizer and a loss that is live."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint


class Recurrent(nn.Module):  # type: ignore[misc]
    """An LSTM with a linear layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width, 2, batch_first=True)
        self.out = nn.Linear(width, 10)

    def forward(self, x: torch.Tensor) -> Any:
        """Return the scores of the last step."""
        return self.out(self.lstm(x)[0][:, -1])


class Tied(nn.Module):  # type: ignore[misc]
    """An embedding whose weight is that of the last layer as well."""

    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.hidden = nn.Linear(width, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, x: torch.Tensor) -> Any:
        """Return the scores of each word."""
        return self.out(torch.tanh(self.hidden(self.embedding(x))))


class Checkpointed(nn.Module):  # type: ignore[misc]
    """Blocks whose activations are computed again in the backward pass."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
            for _ in range(3)
        )
        self.out = nn.Linear(width, 10)

    def forward(self, x: torch.Tensor) -> Any:
        """Return the scores."""
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False)
        return self.out(x)


def _build_mlp(width: int) -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()),
        nn.Linear(width, 10),
    )


def _build_cnn(width: int) -> nn.Module:
    channels = width // 32
    return nn.Sequential(
        *(nn.Conv2d(3, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()),
        *(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)),
        *(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)),
    )


def _build_transformer(width: int) -> nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel  # noqa: PLC0415 - takes seconds

    model: nn.Module = GPT2LMHeadModel(
        GPT2Config(
            n_layer=4,
            n_embd=width // 4,
            n_head=4,
            vocab_size=4 * width,
            n_positions=256,
        )
    )
    return model


def _freeze_first(width: int) -> nn.Module:
    model = _build_mlp(width)
    next(model.children()).requires_grad_(requires_grad=False)
    return model


def _take_rows(width: int) -> torch.Tensor:
    return torch.randn(width, width)


def _take_words(width: int) -> torch.Tensor:
    return torch.zeros(width // 4, dtype=torch.long)


def _score(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    scores = model(x)
    target = torch.zeros(len(scores), dtype=torch.long)
    return functional.cross_entropy(scores, target)


def _score_words(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    loss: torch.Tensor = model(input_ids=x, labels=x).loss
    return loss


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a kind of model is built and trained."""

    build: Callable[[int], nn.Module] = _build_mlp
    take: Callable[[int], torch.Tensor] = _take_rows
    score: Callable[[nn.Module, torch.Tensor], torch.Tensor] = _score
    optimize: Callable[[Any], torch.optim.Optimizer] = torch.optim.Adam
    context: Callable[[], Any] = nullcontext
    others: Callable[[nn.Module], dict[str, Any]] = field(default=lambda _: {})


RECIPES = {
    "mlp": Recipe(),
    "cnn": Recipe(
        _build_cnn, lambda width: torch.randn(24, 3, width // 22, width // 22)
    ),
    "transformer": Recipe(
        _build_transformer,
        lambda width: torch.zeros(4, min(256, width // 8), dtype=torch.long),
        _score_words,
    ),
    "lstm": Recipe(
        lambda width: Recurrent(width // 2),
        lambda width: torch.randn(64, 64, width // 2),
    ),
    "tied": Recipe(lambda width: Tied(8 * width, width // 2), _take_words),
    "mixed precision": Recipe(
        context=lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    ),
    "checkpointed": Recipe(Checkpointed),
    "frozen": Recipe(
        _freeze_first,
        optimize=lambda parameters: torch.optim.Adam(
            [each for each in parameters if each.requires_grad]
        ),
    ),
    "sgd": Recipe(
        optimize=lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    ),
    "adam": Recipe(
        optimize=lambda parameters: torch.optim.AdamW(parameters, amsgrad=True)
    ),
    "adafactor": Recipe(optimize=torch.optim.Adafactor),
    "moving average": Recipe(
        others=lambda model: {"average": torch.optim.swa_utils.AveragedModel(model)}
    ),
}


def train(name: str, width: int) -> dict[str, Any]:
    """Take one step, and return the variables with the loss of the next."""
    recipe = RECIPES[name]
    model = recipe.build(width)
    x = recipe.take(width)
    optimizer = recipe.optimize(model.parameters())
    others = recipe.others(model)
    for step in range(2):
        with recipe.context():
            loss = recipe.score(model, x)
        if step == 0:
            loss.backward()
            optimizer.step()
    return {"model": model, "optimizer": optimizer, "loss": loss, "x": x, **others}
