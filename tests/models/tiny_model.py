"""A real language model small enough for a test: random weights in a GGUF file, served by llama.cpp on this machine.

It answers rubbish, which is what it is for: everything on the way to it is real.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np

WIDTH, N_BLOCKS, N_HEADS, N_CONTEXT = 64, 2, 4, 16384
TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:"
WORDS = [
    *("the", "and", "def", "return", "self", "import", "for", "in", "while", "improve", "solution"),
    *("utility", "program", "algorithm", "function", "python", "score"),
]

SERVER = """
import sys, threading
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel = int(sys.argv[2]), 2
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.warmup, params.verbosity = False, -1
if len(sys.argv) > 3:
    params.api_keys = sys.argv[3:]
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()  # until whoever started it hangs up
"""


def vocabulary() -> tuple[list[bytes], list[int], list[float]]:
    """Tokens, their kinds and scores: every byte, and some words with all that leads to them."""
    tokens = [b"<unk>", b"<s>", b"</s>", *(f"<0x{byte:02X}>".encode() for byte in range(256))]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL, *[gguf.TokenType.BYTE] * 256]
    beginnings = {f"\u2581{word}"[:end] for word in WORDS for end in range(1, len(word) + 2)}
    printable = {chr(code) for code in range(33, 127)}
    pieces = sorted(beginnings | printable, key=lambda piece: (len(piece), piece))
    scores = [0.0] * len(tokens) + [float(len(piece)) for piece in pieces]
    kinds = [*kinds, *[gguf.TokenType.NORMAL] * len(pieces)]
    return [*tokens, *(piece.encode() for piece in pieces)], [int(kind) for kind in kinds], scores


def write_model(path: Path) -> None:
    """Nothing; the model is in the file."""
    rng = np.random.default_rng(0)
    tokens, kinds, scores = vocabulary()
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(N_CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(N_BLOCKS)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(N_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // N_HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)

    def add(name: str, *shape: int) -> None:
        ones = len(shape) == 1
        values = np.ones(shape) if ones else rng.standard_normal(shape) * 0.2
        writer.add_tensor(f"{name}.weight", values.astype(np.float32))

    add("token_embd", len(tokens), WIDTH)
    add("output_norm", WIDTH)
    add("output", len(tokens), WIDTH)
    for block in range(N_BLOCKS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{block}.{name}", WIDTH, WIDTH)
        add(f"blk.{block}.ffn_gate", 2 * WIDTH, WIDTH)
        add(f"blk.{block}.ffn_up", 2 * WIDTH, WIDTH)
        add(f"blk.{block}.ffn_down", WIDTH, 2 * WIDTH)
        add(f"blk.{block}.attn_norm", WIDTH)
        add(f"blk.{block}.ffn_norm", WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@contextlib.contextmanager
def serving_model(path: Path, *, n_context: int = 2 * N_CONTEXT, keys: tuple[str, ...] = ()) -> Iterator[str]:
    """The address of a server of the model, in a process of its own, that runs while the block does."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(path), str(n_context), *keys],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), "the server did not start"
        yield url
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()
