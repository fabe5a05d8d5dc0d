"""Role `proposer`: the embedded models. The code is ours; what it reads, prompts with programs in them, is not."""

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
    answers = propose(order.message, order.n_responses, order.temperature, rng, expressions_only=order.expressions_only)
    channel.send(Proposals(answers=answers))
