"""The messages that the command can print, read from the source: the keys of the catalogue."""

import ast
from collections.abc import Iterator
from pathlib import Path

import minidl

PACKAGE = Path(minidl.__file__).parent
SPEAKERS = {"notice", "complain", "say"}  # functions whose texts reach the terminal
HELP = {"help", "description", "epilog", "title", "abstained"}
NAMED = {"LIMITS", "detail", "remedy", "NO_GPU", "SUMMARY", "last"}  # variables that hold such texts
PLACES = (  # what the command runs; an operation's own errors speak to programmers, in English
    "cli", "doctor", "files", "training", "compress", "devices.py", "random.py", "backend/registry.py",
    "backend/numpy/threads.py", "backend/cupy/__init__.py", "backend/cupy/backend.py", "data/idx.py",
    "data/datasets.py", "data/download.py", "data/sources.py", "data/images.py", "data/drawn.py", "data/photo",
    "models/networks.py", "models/user_file.py", "models/vocabulary.py", "onnx/export.py", "onnx/needs.py",
    "serve/collection.py", "serve/packages.py", "serve/server.py", "serve/opening.py", "explain/record.py",
    "explain/teaching/breaks.py", "explain/teaching/worksheet.py", "explain/teaching/passes.py",
    "explain/teaching/judge/scores.py", "explain/teaching/judge/exercises/__init__.py", "language",
    "proof/parameters.py",
)  # fmt: skip


FROM_ARGPARSE = (  # and what is put together from parts
    "usage: ", "options", "positional arguments", "show this help message and exit",
    "show program's version number and exit", "{0} (default: {1})", "unrecognized arguments: {0}",
    "unrecognized arguments: {0}; did you mean {1}?", "the following arguments are required: {0}",
    "argument {0}: expected one argument", "argument {0}: expected at least one argument",
    "argument {0}: invalid choice: {1} (choose from {2})",
    "argument {0}: invalid choice: {1} (choose from {2}); did you mean {3}?",
    "argument {0}: must be a number, got {1}", "argument {0}: must be a whole number, got {1}", "argument {0}: {1}",
    "epoch {0}/{1}  training loss {2}, accuracy {3}",
    "epoch {0}/{1}  training loss {2}, accuracy {3}  validation loss {4}, accuracy {5}", "{0}; warning: {1}",
    "{0}: input {1}", "there is no NVIDIA driver; install it (nvidia-smi must list the GPU)",
    "{0}, compute capability {1}.{2}, {3} of {4} GiB free; {5} GPUs, number 0 is used (CUDA_VISIBLE_DEVICES chooses)",
    "it ends in the middle", "no such file", "self-test on {0}: {1} of {2} passed",
    "this device is imitated in host memory: it says nothing about a real GPU",
)  # fmt: skip
OF_PHOTOS = (  # reasons and warnings that `predict` joins
    "shows no digit: the picture has only {0} by {1} pixels; take the photo again, about as wide as it is tall",
    "the ink is in {0} large separate parts: more than one digit? Crop the photo to one",
    "the network is not sure: {0} or {1}", "other ink touches or surrounds the digit: it looks {0}",
    "the known digits most like it are not {0}s but {1}s",
    "other ink beside the digit, printed text it seems, was left out", "a line under the digit was left out",
    "it looks like the printed letter {0}",
    "no known digit is anything like it; crop the photo to one digit on plain paper",
    "nothing stands out", "most of it looks like ink",
)  # fmt: skip
OF_SERVED = (  # what `serve` says of its thresholds and of one picture; tests/serve holds them against the code
    "thresholds from {0} validation images of the run",
    "thresholds from {0} test digits of the bundled sample, for want of the run's validation images",
    "thresholds from defaults: the run has no validation images on this machine",
    "inside of a ring",
    "struck through",
    "underlined",
    "written or stamped upon",
    "this does not look like a digit",
    "no class has a probability of {0}",
    "the network answers NaN: its weights are too large; train it again",
    "there are {0} large separate parts, as of several digits; one digit at a time",
    "the picture is blank",
    "nothing is drawn",
    "the picture is not base64",
    "the picture is not a BMP, GIF, JPG, PNG, TIFF or WebP file",
    "the picture is animated, or has several pages; send one picture",
    "the picture is cut off before its end; send it again",
    "the picture is too large for the memory of this server",
    "the picture is a picture of {0} by {1} pixels, more than the {2} that are read; save it smaller",
    "the picture is not an image that OpenCV can decode ({0} bytes); open it in another program and save "
    "it as JPG or PNG, or copy it again",
    "the picture its pixels are {0} from {1} to {2}, where {3} is expected; open it in another program "
    "and save it with 8 bits as PNG or JPG",
)  # fmt: skip
IN_TABLES = (
    "max difference", "to PyTorch", "layer", "kind", "output", "parameters", "multiply-adds", "memory", "bytes",
    "total", "before", "after", "before / after", "bytes of weights", "weights that are 0", "multiply-adds per image",
    "milliseconds per image", "memory at the peak", "test accuracy", "parameter", "shape", "verdict", "compared",
)  # fmt: skip
IN_FIGURES = (
    "epoch", "loss", "accuracy", "loss (log scale)", "training", "validation", "steps", "predicted", "true",
    "mistakes; the diagonal is not shaded", "answer", "probability", "class",
    "{0} of {1} wrong; the most confident", "no mistakes", "{0}: blue below 0, red above",
    "no layer sees the pixels directly", "{0} read as {1}, {2}", "as MNIST", "closer", "cropped", "digit", "drawing",
    "gray", "ink is light", "photo", "sheet",
)  # fmt: skip


def template(node: ast.AST) -> str | None:
    """The text of an expression, with {0}, {1}, ... where something is filled in; None if there are no words in it."""
    holes = iter(range(1000))

    def text_of(node: ast.AST) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.JoinedStr):
            return "".join(
                text_of(part) if isinstance(part, ast.Constant) else f"{{{next(holes)}}}" for part in node.values
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return text_of(node.left) + text_of(node.right)
        return f"{{{next(holes)}}}"

    text = text_of(node)
    return text if sum(letter.isalpha() for letter in text) >= 3 and not text.startswith("http") else None


def choices(node: ast.AST) -> Iterator[ast.AST]:
    """The node itself, or each branch of `a if c else b`."""
    if isinstance(node, ast.IfExp):
        yield from choices(node.body)
        yield from choices(node.orelse)
    else:
        yield node


def found() -> dict[str, str]:
    """Each message, and where it stands."""
    messages = dict.fromkeys(
        (*FROM_ARGPARSE, *OF_PHOTOS, *OF_SERVED, *IN_TABLES, *IN_FIGURES), "tests/language/messages.py"
    )
    for place in PLACES:
        path = PACKAGE / place
        assert path.exists(), place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                for part in spoken_parts(node):
                    for choice in choices(part):
                        if (text := template(choice)) is not None:
                            messages.setdefault(text, f"{file.relative_to(PACKAGE)}:{choice.lineno}")
    return messages


def spoken_parts(node: ast.AST) -> Iterator[ast.AST]:
    """The expressions of this node that people will read."""
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id in NAMED for target in targets):
            yield from node.value.values if isinstance(node.value, ast.Dict) else [node.value]
    if not isinstance(node, ast.Call):
        return
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name == "Finding" or name == "option":
        yield from node.args[1:]
    elif name.endswith("Error") or name in SPEAKERS:
        yield from node.args[:1]
    yield from (keyword.value for keyword in node.keywords if keyword.arg in HELP)
