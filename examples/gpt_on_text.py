"""A GPT that learns to write like a text.

Teaches: what a language model is trained on: each character is the answer to all that come before it. Run

    python examples/gpt_on_text.py --text FILE --steps 2000      # some minutes on a laptop
    python examples/gpt_on_text.py --steps 100                   # on the zen of Python, in seconds
    python examples/gpt_on_text.py --model charlstm              # an LSTM instead
"""

import argparse
import codecs
import contextlib
import io
from pathlib import Path

import numpy as np

import minidl
from minidl.models import GPT, CharLSTM, Vocabulary
from minidl.nn import functional as F

CONTEXT = 64
BATCH = 16


def zen():
    """The text that `import this` prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        import this
    return codecs.decode(this.s, "rot13")


def batch(ids, rng):
    """Some windows of the text (BATCH, CONTEXT), and the same ones moved on by one character: the answers."""
    starts = rng.integers(0, len(ids) - CONTEXT, BATCH)
    windows = np.stack([ids[start : start + CONTEXT + 1] for start in starts])
    return minidl.tensor(windows[:, :-1]), minidl.tensor(windows[:, 1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, help="a text file (default: the zen of Python)")
    parser.add_argument("--model", choices=("gpt", "charlstm"), default="gpt")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--write", type=int, default=200, metavar="N", help="characters to write at the end")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    text = zen() if arguments.text is None else arguments.text.read_text(encoding="utf-8")
    if len(text) <= CONTEXT:
        raise SystemExit(f"{arguments.text}: has {len(text)} characters; at least {CONTEXT + 1} are needed")
    vocabulary = Vocabulary(text)
    ids = np.array(vocabulary.encode(text).tolist())
    minidl.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    recurrent = arguments.model == "charlstm"
    model = CharLSTM(len(vocabulary)) if recurrent else GPT(len(vocabulary), CONTEXT)
    optimizer = minidl.optim.AdamW(model.parameters(), lr=3e-3)
    size = sum(p.numel() for p in model.parameters())
    print(f"{len(text):,} characters, {len(vocabulary)} different ones; {size:,} parameters")

    for step in range(1, arguments.steps + 1):
        x, y = batch(ids, rng)
        scores = model(x)[0] if recurrent else model(x)  # (BATCH, CONTEXT, vocabulary)
        loss = F.cross_entropy(scores.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step == 1 or step % 50 == 0 or step == arguments.steps:
            print(f"step {step}: loss {loss.item():.3f}")

    begun = vocabulary.encode(text[:8]).unsqueeze(0)
    written = model.generate(begun, arguments.write, temperature=0.8, top_k=10, seed=arguments.seed)
    print(vocabulary.decode(written[0]))


if __name__ == "__main__":
    main()
