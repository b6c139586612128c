"""What both families are built from, so that they differ only in how they remember."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tinystories.models.language_model import LanguageModel


class SwiGLU(nn.Module):
    """The part of a block that looks at one token alone (Shazeer 2020, arXiv:2002.05202, eq. 6)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down(F.silu(self.gate(x)) * self.up(x))
        return out


@torch.no_grad()
def initialise(model: LanguageModel, blocks: nn.Module) -> None:
    """Set the initial weights of a model.

    ========================  ====================  ==============================================
    weights                   values                reason
    ========================  ====================  ==============================================
    embeddings, the head      std 0.02              logits start near 0: the first loss is ln V
    output of every branch    0                     a block starts as the identity
    other matrices            std 1/sqrt(fan-in)    a layer passes on the variance it is given
    norms, biases             as PyTorch sets them  ``rnn.MinGRU`` sets one of its own
    ========================  ====================  ==============================================
    """
    for part in model.modules():
        if isinstance(part, nn.Embedding):
            nn.init.normal_(part.weight, std=0.02)
    for name, weight in blocks.named_parameters():
        if name.endswith((".mix.out.weight", ".think.down.weight")):
            nn.init.zeros_(weight)
        elif weight.ndim == 2:
            nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
