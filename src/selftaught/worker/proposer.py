"""Role `proposer`: the embedded model `gp`. The code is ours; what it reads, prompts with programs in them, is not."""

from __future__ import annotations

import random

import msgspec

from .gp import propose
from .messages import Proposals, ProposerStart
from .wire import Channel


def main(channel: Channel, start: object) -> None:
    """Sends the proposer's answers to the message in `start`."""
    order = msgspec.convert(start, ProposerStart)
    rng = random.Random(order.rng_seed)
    channel.send(Proposals(answers=propose(order.message, order.n_responses, order.temperature, rng)))
