"""One line, `import minidl.as_torch`, and a script written for PyTorch says what it says there."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

from minidl.dialect.places import PLACES

SCRIPTS = Path(__file__).parent / "scripts"


def said(script: Path) -> list[str]:
    """What the script prints under PyTorch, with its warnings."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runpy.run_path(str(script), run_name="__main__")
    return text.getvalue().splitlines()


def run(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("name", ["look", "arguments", "old_names", "places", "habits"])
def test_it_says_what_pytorch_says(name):
    script = SCRIPTS / f"{name}.py"
    assert run("-m", "minidl.as_torch", script).stdout.splitlines() == said(script)


def test_it_reads_what_pytorch_saved_and_runs_none_of_it(tmp_path):
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, tmp_path / "all.pt")
    torch.save(model, tmp_path / "module.pt")
    script = tmp_path / "script.py"
    script.write_text(
        "import io, torch\n"
        "with open('all.pt', 'rb') as file: state = torch.load(io.BytesIO(file.read()), map_location='cpu')\n"
        "assert str(torch.load('all.pt')) == str(state)\n"
        "model = torch.nn.Linear(3, 2)\n"
        "model.load_state_dict(state['model'])\n"
        "torch.optim.Adam(model.parameters()).load_state_dict(state['optimizer'])\n"
        "print(state['epoch'], model(torch.ones(3)).tolist())\n"
        "try: torch.load('module.pt', weights_only=False)\n"
        "except ValueError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "minidl.as_torch", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    told = done.stdout.splitlines()
    assert told[0].startswith("3 ") and "Linear" in told[1], done.stdout + done.stderr
    found = [float(number) for number in told[0][3:-1].strip("[]").split(", ")]
    assert found == pytest.approx(model(torch.ones(3)).tolist(), abs=1e-6)


REFUSED = [
    ("from torch.nn import Linaer", "ImportError: cannot import 'Linaer' from 'torch.nn', which minidl does"),
    ("import torch.jit", "ImportError: cannot import 'jit' from 'torch': it is PyTorch's, but left out of minidl"),
    ("import torch.fx", "ImportError: cannot import 'fx' from 'torch': it is left out of minidl; there is: module h"),
    ("torch.autograd.graph.saved_tensors_hooks", "AttributeError: module 'torch.autograd' has no attribute 'graph': "),
    ("import torch.autograd.forward_ad", "ImportError: cannot import 'forward_ad' from 'torch.autograd': it is left"),
    ("import torch.utils.benchmark", "ImportError: cannot import 'benchmark' from 'torch.utils': it is left out of m"),
    ("torch.onnx.export(nn.ReLU(), torch.ones(1), 'f', opset_version=9)", "UnsupportedError: torch.onnx.export: opset"),
    ("import torch.nn.quantized", "ImportError: cannot import 'quantized' from 'torch.nn': it is PyTorch's"),
    ("torch.compile(nn.Linear(1, 1))", "AttributeError: module 'torch' has no attribute 'compile': it is PyTorch's"),
    ("torch.vmap", "AttributeError: module 'torch' has no attribute 'vmap': it is PyTorch's"),
    ("torch.sparse_coo_tensor", "AttributeError: module 'torch' has no attribute 'sparse_coo_tensor': it is PyTorch's"),
    ("torch.nothing", "AttributeError: module 'torch' has no attribute 'nothing'"),
    ("torch.zeros(2, dtype=torch.bfloat16)", "MinidlError: torch.bfloat16 is left out of minidl; use torch.float16"),
    ("torch.ones(2).to(torch.complex64)", "MinidlError: torch.complex64 is left out of minidl"),
    ("torch.quint8.itemsize", "MinidlError: torch.quint8 is left out of minidl"),
    ("from torchvision.models import vit_b_16", "ImportError: cannot import 'vit_b_16' from 'torchvision.models', "),
    ("from torchvision.models import VGG16_Weights", "ImportError: cannot import 'VGG16_Weights' from 'torchvis"),
    ("torch.autocast('cpu')", "UnsupportedError: autocast is left out of minidl"),
    ("torch.amp.GradScaler('cpu')", "UnsupportedError: GradScaler is left out of minidl"),
    ("torch.cuda.FloatTensor([1.0])", "BackendError"),
    ("torch.cuda.get_device_name()", "BackendError"),
    ("torch.set_default_device('cuda')", "BackendError"),
    ("torch.ones(2).pin_memory()", "BackendError"),
    ("torch.FloatTensor(torch.tensor([1]))", "DtypeError: FloatTensor: takes a tensor of float32 only"),
    ("torch.FloatTensor(5.0)", "ArgumentTypeError: FloatTensor: data must be sizes, a sequence or an array; got 5.0"),
    ("torch.ones(2).type('Float')", "ArgumentError: type: 'Float' is not the name of a type"),
    ("torch.sum(torch.ones(2), dim=0, axis=0)", "TypeError: sum() got both 'dim' and 'axis'"),
    ("w = torch.ones(2, requires_grad=True); torch.add(w, 1, out=torch.empty(2))", "GraphError: add: out= cannot be"),
    ("torch.add(torch.ones(2), 1.5, out=torch.zeros(2).long())", "DtypeError: add: a result of torch.float32"),
    ("w = torch.ones(1, 2, requires_grad=True); w.squeeze_()", "GraphError: squeeze_: a leaf"),
    ("nn.ReLU(inplace=3)", "ArgumentError: ReLU: inplace must be True or False; got 3"),
    ("torch.save(lambda x: x, io.BytesIO())", "DtypeError: save: the object is a function, which only a"),
    ("torch.save(Inner(), io.BytesIO())", "DtypeError: save: act is a function"),
    ("torch.save(nn.utils.parametrizations.spectral_norm(nn.Linear(1, 1)), io.BytesIO())", "DtypeError: save: the mo"),
    ("torch.load(io.BytesIO(b'\\x80\\x02abc'))", "CheckpointError"),
    ("f = saved(nn.Linear(1, 1)); torch.load(f, weights_only=True)", "CheckpointError: load: holds the module minidl."),
    ("torch.load(saved({'$module': 'os:system', 'attributes': {}}))", "CheckpointError: load: holds a module of"),
    ("torch.load(saved({'$function': 'Parameter'}))", "CheckpointError: load: holds a function 'Parameter'"),
    ("torch.load(saved(1), mmap=True)", "UnsupportedError: load: the argument mmap=True"),
    ("SummaryWriter('/nowhere')", "MissingPackageError: --tensorboard needs the package tensorboardX"),
    ("DataLoader(range(3), timeout=5)", "UnsupportedError: DataLoader: the argument timeout=5"),
    ("torch.distributed.new_group", "AttributeError: module 'torch.distributed' has no attribute 'new_group': it is"),
    ("torch.distributed.init_process_group('gloo')", "ArgumentError: init_process_group: backend 'gloo' is not"),
    ("torch.nn.parallel.DistributedDataParallel(nn.Linear(1, 1))", "DistributedError: no process group: call "),
    ("import torch.distributed.rpc", "ImportError: cannot import 'rpc' from 'torch.distributed', which"),
]  # fmt: skip
HEAD = """
import minidl.as_torch, io
import torch, torch.nn as nn
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter

class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = lambda x: x

def saved(value):
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return file

for line in LINES:
    try:
        exec(line)
    except Exception as error:
        print(f"{type(error).__name__}: {error}".splitlines()[0])
    else:
        print("accepted")
"""


def test_what_is_left_out_is_refused_by_name():
    lines = [line for line, _ in REFUSED]
    told = run("-c", f"LINES = {lines!r}\n{HEAD}").stdout.splitlines()
    assert len(told) == len(REFUSED)
    for (line, words), said_here in zip(REFUSED, told):
        assert said_here.startswith(words), f"{line}: {said_here}"


def test_the_real_pytorch_must_not_be_there_already():
    done = run("-c", "import torch, minidl.as_torch", code=1)
    assert "ImportError: minidl.as_torch: torch is already imported, from " in done.stderr
    assert "put `import minidl.as_torch` above every other import" in done.stderr


def test_minidl_itself_keeps_its_look():
    code = (
        "import minidl, sys; x = minidl.ones(2, dtype='float64'); "
        "print(x, x.shape, x.dtype); print('torch' in sys.modules)"
    )
    assert run("-c", code).stdout.splitlines() == ["tensor([1., 1.], dtype=minidl.float64) (2,) float64", "False"]


def test_a_script_gets_its_arguments_and_its_folder(tmp_path):
    (tmp_path / "helper.py").write_text("word = 'found'")
    script = tmp_path / "script.py"
    script.write_text("import sys, torch, helper\nprint(__name__, sys.argv[1:], helper.word, torch.__version__[:4])")
    assert run("-m", "minidl.as_torch", script, "--epochs", "3").stdout.split() == [
        "__main__", "['--epochs',", "'3']", "found", "2.13",
    ]  # fmt: skip
    assert "no such file; expected a Python script" in run("-m", "minidl.as_torch", tmp_path / "no.py", code=2).stderr


def test_every_place_can_be_imported_or_says_why():
    code = f"""
import minidl.as_torch, importlib
for name in {sorted(PLACES)!r}:
    try:
        module = importlib.import_module(name)
        assert dir(module) is not None and module.__all__ is not None
        for public in dir(module):
            getattr(module, public)
    except ImportError as error:
        print(error)
"""
    lacking = [] if importlib.util.find_spec("minidl.nn.utils").submodule_search_locations else ["rnn"]
    told = [f"cannot import '{name}' from 'torch.nn.utils': it is PyTorch's, but left out" for name in lacking]
    assert [line.partition(" of minidl")[0] for line in run("-c", code).stdout.splitlines()] == told


def test_pytorchs_paths_are_also_minidls():
    code = """
import minidl, minidl.utils.data, minidl.nn.modules.linear, minidl.autograd.functional
from minidl.utils.data.dataset import Dataset
from minidl.utils.data.dataloader import DataLoader
assert minidl.utils.data is minidl.data and Dataset is minidl.data.Dataset and DataLoader is minidl.data.DataLoader
assert minidl.nn.modules.linear.Linear is minidl.nn.Linear
import minidl.utils.tensorboard
"""
    run("-c", code)
