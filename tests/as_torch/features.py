"""The features that public teaching scripts need, each with a script that tries it: the source of docs/AS_TORCH.md.

`python -m tests.as_torch.features` writes that file. A feature whose script ends in an error is listed as not there,
with the error; `REFUSED` are those that are left out on purpose.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "AS_TORCH.md"
HEAD = """import io, math, os, tempfile
import numpy as np
import torch, torchvision
import torch.nn as nn, torch.nn.functional as F, torch.optim as optim
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision import datasets, transforms
x = torch.arange(12.0).reshape(3, 4) / 10 + 0.1
image = torch.linspace(0, 1, 3 * 8 * 8).reshape(1, 3, 8, 8)
square = torch.tensor([[3.0, 1.0], [1.0, 2.0]])
"""

BLOCKERS = {
    "`FloatTensor`, `LongTensor`, `ByteTensor`, `.type(torch.FloatTensor)`": """
        assert torch.FloatTensor([1, 2]).dtype == torch.float32 and torch.LongTensor(2, 3).shape == (2, 3)
        assert torch.ByteTensor([1]).dtype == torch.uint8 and x.type(torch.LongTensor).dtype == torch.int64""",
    "`torch.utils.data`, `.dataset`, `.dataloader`": """
        import torch.utils.data as data
        from torch.utils.data.dataset import Dataset as A
        from torch.utils.data.dataloader import DataLoader as B
        assert A is Dataset and B is DataLoader and len(list(data.DataLoader(TensorDataset(x), 2))) == 2""",
    "`nn.RNN`": "assert nn.RNN(4, 5, 2, batch_first=True)(x[None])[0].shape == (1, 3, 5)",
    "`nn.LSTM`": "assert nn.LSTM(4, 5, bidirectional=True)(x[:, None])[1][0].shape == (2, 1, 5)",
    "`torch.Tensor(list, sizes, ndarray)`": """
        for made in (torch.Tensor([1, 2]), torch.Tensor(2, 3), torch.Tensor(np.ones(3))):
            assert made.dtype == torch.float32""",
    "`autograd.Variable`": """
        from torch.autograd import Variable
        v = Variable(x, requires_grad=True); v.sum().backward(); assert v.grad.shape == x.shape""",
    "`sinh`, `cosh`, `asin`, `meshgrid`, ...": """
        a, b = torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij"); assert a.shape == (2, 3)
        for name in "sinh cosh tan asin acos atan asinh atanh exp2".split(): getattr(torch, name)(x / 3)""",
    "`SummaryWriter` (with tensorboardX)": """
        from importlib.util import find_spec
        from torch.utils.tensorboard import SummaryWriter
        with tempfile.TemporaryDirectory() as folder:
            try: w = SummaryWriter(folder); w.add_scalar("loss", 1.0, 0); w.close(); assert os.listdir(folder)
            except RuntimeError as error: assert "tensorboardX" in str(error) and find_spec("tensorboardX") is None""",
    "`axis=`, `keepdims=`": "assert x.sum(axis=1, keepdims=True).shape == (3, 1) and x.max(axis=0)[0].shape == (4,)",
    "`RandomSampler(num_samples=1e10)`": """
        from torch.utils.data import RandomSampler
        sampler = RandomSampler(range(5), replacement=True, num_samples=int(1e10)); assert len(sampler) == 10**10
        assert next(iter(DataLoader(range(5), 4, sampler=sampler))).shape == (4,)""",
    "`inference_mode`": """
        with torch.inference_mode(): assert not (x.requires_grad_() * 2).requires_grad""",
    "`pin_memory=`": "assert len(list(DataLoader(TensorDataset(x), 3, pin_memory=torch.cuda.is_available()))) == 1",
    "`size=`, `randint(high, size=)`": """
        assert torch.randint(5, size=(2, 3)).max() < 5 and torch.zeros(size=(2,)).shape == (2,)""",
    "`nn.GRU`": "assert nn.GRU(4, 5)(x[:, None])[0].shape == (3, 1, 5)",
    "`save_image`, `make_grid`": """
        from torchvision.utils import make_grid, save_image
        with tempfile.TemporaryDirectory() as folder:
            save_image(image, folder + "/a.png"); assert os.listdir(folder)
        assert make_grid(image.repeat(4, 1, 1, 1), nrow=2).shape == (3, 22, 22)""",
    "`nn.Transformer*`, `nn.MultiheadAttention`": """
        assert nn.Transformer(8, 2, 1, 1, 16)(torch.ones(3, 2, 8), torch.ones(4, 2, 8)).shape == (4, 2, 8)
        assert nn.MultiheadAttention(4, 2)(x, x, x)[1].shape == (3, 3)""",
    "`backends.mps`, `backends.cudnn`, `accelerator`": """
        assert not torch.backends.mps.is_available() and not torch.backends.cudnn.is_available()
        torch.backends.cudnn.benchmark = True; assert not torch.accelerator.is_available()""",
    "`Function` with static `forward(ctx, ..)`, `once_differentiable`": """
        from torch.autograd.function import Function, once_differentiable
        class Double(Function):
            @staticmethod
            def forward(ctx, a): ctx.save_for_backward(a); return a * 2
            @staticmethod
            @once_differentiable
            def backward(ctx, g): return g * 2 * torch.ones_like(ctx.saved_tensors[0])
        w = torch.ones(2, requires_grad=True); Double.apply(w).sum().backward(); assert w.grad.tolist() == [2, 2]""",
    "`nn.utils.rnn`: pack, pad": """
        from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
        packed = pack_padded_sequence(pad_sequence([x, x[:2]]), [3, 2]); out, _ = nn.GRU(4, 5)(packed)
        assert pad_packed_sequence(out)[0].shape == (3, 2, 5)""",
    "`LazyLinear`, `LazyConv2d`": """
        net = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(2)); assert net(image).shape == (1, 2)""",
    "`size_average`, `reduce` (with PyTorch's warning)": """
        assert nn.MSELoss(size_average=False)(x, x + 1).item() == 12 and F.l1_loss(x, x, reduce=False).shape == x.shape""",
    "`ReLU(inplace=True)`": "assert nn.ReLU(inplace=True)(-x).sum() == 0",
    "`Adadelta`, `LBFGS`": """
        w = torch.tensor([3.0], requires_grad=True); optim.Adadelta([w])
        opt = optim.LBFGS([w], max_iter=20)
        def closure(): opt.zero_grad(); loss = (w - 1).pow(2).sum(); loss.backward(); return loss
        opt.step(closure); assert abs(w.item() - 1) < 1e-3""",
    "`distributions`": """
        from torch.distributions import Bernoulli, Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal
        from torch.distributions import OneHotCategorical, Uniform, kl_divergence
        d = Normal(torch.zeros(2), torch.ones(2)); d.log_prob(d.rsample()); d.entropy()
        kl_divergence(d, Normal(torch.ones(2), torch.ones(2))); Categorical(logits=x).sample(); Uniform(0.0, 1.0)""",
    "`grad_fn.next_functions`": """
        z = (x.requires_grad_() * 2).sum(); assert str(z.grad_fn.next_functions[0][0]).startswith("<MulBackward0")""",
    "`set_printoptions`": """
        torch.set_printoptions(precision=2, sci_mode=False); assert str(torch.tensor([1 / 3])) == "tensor([0.33])" """,
    "`out=`": "z = torch.empty(3, 4); torch.add(x, 1, out=z); assert torch.equal(z, x + 1)",
    "softmax without dim (with PyTorch's warning)": "assert F.softmax(x).sum(1).allclose(torch.ones(3))",
    "`CIFAR10` (from its files; without them the error names FakeData)": """
        try: datasets.CIFAR10("nowhere", train=False)
        except RuntimeError as error: assert "FakeData" in str(error)
        else: raise AssertionError("found a folder named nowhere")""",
    "`svd`, `det`": "u, s, v = torch.svd(square); assert abs(torch.det(square) - 5) < 1e-5 and s.shape == (2,)",
}
ONCE = {
    "`PixelShuffle`": "assert nn.PixelShuffle(2)(torch.ones(1, 4, 2, 2)).shape == (1, 1, 4, 4)",
    "`ReflectionPad2d`": "assert nn.ReflectionPad2d(2)(image).shape[-1] == 12",
    "`InstanceNorm2d`": "assert abs(nn.InstanceNorm2d(3)(image).mean()) < 1e-5",
    "`interpolate`": "assert F.interpolate(image, scale_factor=2, mode='bilinear').shape[-1] == 16",
    "`grid_sample`, `affine_grid`": """
        grid = F.affine_grid(torch.eye(2, 3)[None], (1, 3, 8, 8), align_corners=True)
        assert F.grid_sample(image, grid, align_corners=True).allclose(image, atol=1e-5)""",
    "`torch.functional`": "import torch.functional as f; assert f.split(x, 2)[0].shape == (2, 4)",
    "`set_default_device`": "torch.set_default_device('cpu'); assert torch.zeros(1).device.type == 'cpu'",
    "`LSTMCell`": "assert nn.LSTMCell(4, 5)(x)[0].shape == (3, 5)",
    "`torch.onnx`": "import torch.onnx; assert callable(torch.onnx.export)",
    "`nn.parallel`, `DataParallel`": "assert nn.DataParallel(nn.Linear(4, 2)).module.weight.shape == (2, 4)",
    "`unsqueeze_`, `sin_`": "assert x.unsqueeze_(0).sin_().shape == (1, 3, 4)",
    "`std_mean`": "assert torch.std_mean(x)[1].allclose(x.mean())",
    "`cross`": "assert torch.cross(torch.eye(3)[0], torch.eye(3)[1], dim=0).tolist() == [0, 0, 1]",
    "`unique`": "assert torch.unique(torch.tensor([2, 1, 2]), return_counts=True)[1].tolist() == [1, 2]",
    "`read_image`": """
        from torchvision.io import read_image
        from torchvision.utils import save_image
        with tempfile.TemporaryDirectory() as folder:
            save_image(image, folder + "/a.png"); assert read_image(folder + "/a.png").dtype == torch.uint8""",
    "`FakeData`": "assert len(datasets.FakeData(5, (3, 8, 8))) == 5",
    "`resnet18`": "assert torchvision.models.resnet18(num_classes=7).eval()(torch.ones(1, 3, 32, 32)).shape == (1, 7)",
    "`x.shape.numel()`": "assert x.shape.numel() == 12 and repr(x.shape) == 'torch.Size([3, 4])'",
    "`load(map_location=, weights_only=)`": """
        file = io.BytesIO(); torch.save({"w": x}, file); file.seek(0)
        assert torch.load(file, map_location="cpu", weights_only=True)["w"].equal(x)""",
    "`Generator(device=)`": "assert torch.rand(2, generator=torch.Generator(device='cpu').manual_seed(1)).shape == (2,)",
    "`torch.save(model)`, to a file object": """
        file = io.BytesIO(); net = nn.Linear(4, 2); torch.save(net, file); file.seek(0)
        assert torch.load(file, weights_only=False)(x).equal(net(x))""",
    "`ToTensor` on a PIL image": """
        from PIL import Image
        assert transforms.ToTensor()(Image.new("RGB", (5, 4))).shape == (3, 4, 5)""",
    "`torchvision.models` (by reading: 13 of 303)": """
        from torchvision.models import alexnet, mobilenet_v2, resnet34, resnet50, squeezenet1_1, vgg16
        net = squeezenet1_1(num_classes=5).eval(); assert net(torch.ones(1, 3, 64, 64)).shape == (1, 5)
        try: resnet50(pretrained=True)
        except ValueError as error: assert "downloads none" in str(error)
        else: raise AssertionError("no error")""",
    "`transforms.functional` (8), before `ToTensor`": """
        import torchvision.transforms.functional as TF
        from PIL import Image
        assert TF.to_tensor(TF.hflip(TF.resize(Image.new("L", (8, 8)), [4, 4]))).shape == (1, 4, 4)""",
    "`RandomResizedCrop`, `ColorJitter`, `RandomErasing`, `TrivialAugmentWide`, `FiveCrop`": """
        from PIL import Image
        picture = Image.new("RGB", (40, 30), (200, 100, 50))
        for step in (transforms.RandomResizedCrop(32), transforms.Compose([transforms.Resize(32, Image.BICUBIC), transforms.CenterCrop(32)]),
                     transforms.Compose([transforms.ColorJitter(0.2, 0.2, 0.2, 0.1), transforms.RandomCrop(32, pad_if_needed=True)]),
                     transforms.CenterCrop(32)):
            assert step(picture).size == (32, 32) and transforms.ToTensor()(step(picture)).shape == (3, 32, 32)
        assert transforms.RandomErasing(p=1.0)(torch.ones(3, 32, 32)).min() == 0 and len(transforms.FiveCrop(8)(picture)) == 5
        assert transforms.TrivialAugmentWide()(picture).size == (40, 30) and transforms.Resize(8)(torch.ones(1, 16, 16)).shape == (1, 8, 8)""",
    "data sets of Pillow's pictures": """
        m = datasets.FakeData(3, (3, 8, 6)); assert m[0][0].size == (6, 8) and "Number of datapoints: 3" in repr(m)
        c = datasets.CIFAR10("/nowhere", train=False, transform=transforms.ToTensor(), download=True)
        assert c.data.mean(axis=(0, 1, 2)).shape == (3,) and isinstance(c.targets, list) and c[0][0].shape == (3, 32, 32)
        c.data, c.targets = c.data[:6], c.targets[:6]
        assert [len(y) for _, y in DataLoader(c, 4)] == [4, 2] and next(iter(DataLoader(c, 4)))[1].dtype == torch.int64""",
    "torchtext (6)": "import torchtext",
    "`compile` (4)": "torch.compile(nn.Linear(1, 1))",
    "`bfloat16` (4)": "torch.zeros(2, dtype=torch.bfloat16)",
}
BACKPROP = {
    "`h[t+1] = h[t] + w`": """
        w = torch.ones(3, requires_grad=True); h = torch.zeros(4, 3)
        for t in range(3): h[t + 1] = h[t] + w
        h.sum().backward(); assert w.grad.tolist() == [6, 6, 6]""",
    "`h[t+1] = h[t] * 0.5` (a constant factor)": """
        w = torch.ones(3, requires_grad=True); h = w.repeat(3, 1)
        for t in range(2): h[t + 1] = h[t] * 0.5
        h.sum().backward(); assert w.grad.tolist() == [1.75] * 3""",
    "`h[t+1] = W @ h[t]` (a constant matrix)": """
        w = torch.ones(2, requires_grad=True); h = w.repeat(3, 1)
        for t in range(2): h[t + 1] = square @ h[t]
        h.sum().backward(); assert w.grad.tolist() == [20, 14]""",
    "`outputs[t] = out`": """
        w = torch.ones(3, requires_grad=True); outputs = torch.zeros(4, 3)
        for t in range(4): outputs[t] = w * t
        outputs.sum().backward(); assert w.grad.tolist() == [6, 6, 6]""",
    "`C[i] += g[i]`": """
        g = torch.ones(3, requires_grad=True); C = torch.zeros(3)
        for i in range(3): C[i] += g[i] * i
        C.sum().backward(); assert g.grad.tolist() == [0, 1, 2]""",
    "`h = h.view(..); h += w`": """
        w = torch.ones(4, requires_grad=True); h = (w * 2).view(2, 2); h += w.view(2, 2)
        h.sum().backward(); assert w.grad.tolist() == [3] * 4""",
    "`X[~mask] = v` on a reshaped X": """
        w = torch.ones(6, requires_grad=True); X = (w * 2).reshape(2, 3)
        X[~torch.tensor([[True, False, True]] * 2)] = 0.0
        X.sum().backward(); assert w.grad.tolist() == [2, 0, 2] * 2""",
    "`x.g = ...` (attributes of one's own)": "x.g = 3; assert x.g == 3",
    "a leaf's `w[0] *= 2` in PyTorch's words": """
        w = torch.ones(2, requires_grad=True)
        try: w[0] *= 2
        except RuntimeError as error: assert "leaf" in str(error)
        else: raise AssertionError("no error")""",
    "printing: `torch.Size`, `grad_fn=<MulBackward0>`, `torch.float32`": """
        assert str(torch.ones(1, requires_grad=True) * 2) == "tensor([2.], grad_fn=<MulBackward0>)"
        assert str(x.dtype) == "torch.float32" and str(x.shape) == "torch.Size([3, 4])" """,
}
PEERS = {
    "scaled_dot_product_attention": "F.scaled_dot_product_attention(x[None], x[None], x[None], is_causal=True)",
    "scatter_reduce, `scatter(value=, reduce=)`": """
        index = torch.tensor([[0, 1, 0, 1]]); x.scatter_reduce(0, index, x, "amax"); x.scatter(0, index, 2.0, reduce="multiply")""",
    "tan ... atanh, atan2, exp2": "torch.atan2(x, x); torch.acosh(x + 1); torch.exp2(x)",
    "cumprod, cummax, cummin, logcumsumexp": """
        for name in "cumprod cummax cummin logcumsumexp".split(): getattr(torch, name)(x, 1)""",
    "NAdam, RAdam, Adamax, Adadelta, ASGD, Rprop, Adafactor, Muon": """
        for name in "NAdam RAdam Adamax Adadelta ASGD Rprop Adafactor Muon".split():
            w = nn.Parameter(torch.ones(2, 2)); o = getattr(optim, name)([w]); w.sum().backward(); o.step()""",
    "3-d conv, pool, norm": """
        v = torch.ones(1, 2, 4, 4, 4); nn.BatchNorm3d(2)(nn.MaxPool3d(2)(nn.Conv3d(2, 2, 1)(v))); nn.ConvTranspose3d(2, 1, 2)(v)""",
    "copysign, logaddexp, hypot, shifts": """
        torch.copysign(x, -x); torch.logaddexp(x, x); torch.hypot(x, x); torch.tensor([1]) << 2""",
    "kron, tensordot, trace, diag, diff": """
        torch.kron(x, x); torch.tensordot(x, x, dims=([1], [1])); torch.trace(square); torch.diag(square); torch.diff(x)""",
    "integer linspace, integer to a negative power": """
        assert torch.linspace(0, 4, 3, dtype=torch.int64).tolist() == [0, 2, 4]
        try: torch.tensor([2]) ** -1
        except RuntimeError: pass""",
    "Tensor.unfold, isin, searchsorted, bincount": """
        x.unfold(1, 2, 1); torch.isin(x, x); torch.searchsorted(x, x); torch.bincount(torch.tensor([1, 1]))""",
    "CTCLoss": """
        nn.CTCLoss()(torch.zeros(5, 1, 3).log_softmax(2), torch.tensor([[1, 2]]), torch.tensor([5]), torch.tensor([2]))""",
    "PReLU, GLU, Softmin, Hardshrink, Softshrink, Tanhshrink, Threshold": """
        for layer in (nn.PReLU(), nn.GLU(), nn.Softmin(1), nn.Hardshrink(), nn.Softshrink(), nn.Tanhshrink(), nn.Threshold(0.1, 0)): layer(x)""",
    "the remaining losses": """
        for name in ("TripletMarginLoss CosineEmbeddingLoss PoissonNLLLoss GaussianNLLLoss MarginRankingLoss MultiMarginLoss "
                     "MultiLabelMarginLoss MultiLabelSoftMarginLoss SoftMarginLoss HingeEmbeddingLoss KLDivLoss HuberLoss").split():
            getattr(nn, name)()""",
    "`padding_mode`": "nn.Conv2d(3, 2, 3, padding=1, padding_mode='reflect')(image)",
    "1-d pools, pad layers": "nn.MaxPool1d(2)(x); nn.AvgPool1d(2)(x); nn.ConstantPad1d(1, 0)(x); nn.CircularPad2d(1)(image)",
    "writing through `diagonal()`": "square.diagonal().fill_(0.0); assert square.trace() == 0",
    "linalg with derivatives": """
        s = square.clone().requires_grad_()
        for name in "norm det inv qr cholesky eigh svd".split(): getattr(torch.linalg, name)(s)
        torch.linalg.solve(s, square).sum().backward()""",
    "complex numbers, fft": "torch.fft.fft(x)",
    "CyclicLR and the other schedules": "optim.lr_scheduler.CyclicLR(optim.SGD([nn.Parameter(x)], 0.1, momentum=0.9), 0.1, 0.2)",
    "weight_norm, spectral_norm": "nn.utils.weight_norm(nn.Linear(2, 2)); nn.utils.spectral_norm(nn.Linear(2, 2))",
    "parametrizations": """
        from torch.nn.utils.parametrizations import orthogonal, weight_norm
        from torch.nn.utils import parametrize
        q = orthogonal(nn.Linear(3, 3)).weight; assert (q.T @ q).allclose(torch.eye(3), atol=1e-5)
        layer = parametrize.remove_parametrizations(weight_norm(nn.Linear(4, 2)), "weight"); assert layer(x).shape == (3, 2)""",
    "nn.utils.prune": """
        from torch.nn.utils import prune
        layer = prune.l1_unstructured(nn.Linear(4, 2), "weight", amount=0.5); assert (layer.weight == 0).sum() == 4
        prune.remove(prune.ln_structured(layer, "weight", amount=1, n=2, dim=0), "weight"); assert layer(x).shape == (3, 2)""",
    "SWA and EMA averages": "from torch.optim.swa_utils import AveragedModel, SWALR, update_bn; AveragedModel(nn.Linear(1, 1))",
    "hooks on the gradients of modules": "nn.Linear(1, 1).register_full_backward_hook(print)",
    "detect_anomaly": "with torch.autograd.set_detect_anomaly(True): pass",
    "broadcast_shapes, chain_matmul, F.upsample": """
        assert torch.broadcast_shapes((3, 1), (4,)) == (3, 4); torch.chain_matmul(square, square); F.upsample(image, scale_factor=2)""",
    "FractionalMaxPool2d": "assert nn.FractionalMaxPool2d(2, output_size=3)(image).shape[-2:] == (3, 3)",
    "AdaptiveLogSoftmaxWithLoss": "nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3])(x, torch.tensor([0, 3, 9])).loss.backward()",
    "LocalResponseNorm": "nn.LocalResponseNorm(2)(image)",
    "CrossMapLRN2d": "nn.CrossMapLRN2d(2)",
    "SparseAdam": "optim.SparseAdam([nn.Parameter(x)])",
    "lu_factor, lu_solve": """
        b = torch.ones(2, 1); assert (square @ torch.linalg.lu_solve(*torch.linalg.lu_factor(square), b)).allclose(b)""",
    "jit": "torch.jit.script(nn.Linear(1, 1))",
    "sparse tensors": "torch.sparse_coo_tensor(torch.ones(2, 1), torch.ones(1))",
    "quantised dtypes": "torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)",
    "vmap": "torch.func.vmap(torch.sin)(x)",
}
TABLES = {
    "What stops public scripts": BLOCKERS, "Once each": ONCE, "Lessons about backprop itself": BACKPROP,
    "What peers' suites name": PEERS,
}  # fmt: skip
ABSENT = {
    "torchtext (6)", "`compile` (4)", "`bfloat16` (4)", "complex numbers, fft", "CrossMapLRN2d", "SparseAdam", "jit",
    "sparse tensors", "quantised dtypes", "vmap",
}  # fmt: skip


def tried(script: str) -> str | None:
    """What a script ends in under `minidl.as_torch`, which must be in force: None, or its error in a line."""
    import textwrap

    import torch

    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(HEAD + textwrap.dedent(script), {"__name__": "feature"})
        except Exception as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        finally:
            torch.set_printoptions(profile="default")
    return None


def results() -> dict[str, dict[str, str | None]]:
    """Every feature of every table with what came of it."""
    return {title: {name: tried(script) for name, script in rows.items()} for title, rows in TABLES.items()}


def document(found: dict[str, dict[str, str | None]]) -> str:
    """docs/AS_TORCH.md."""
    count = sum(len(rows) for rows in found.values())
    there = sum(error is None for rows in found.values() for error in rows.values())
    lines = [
        "# PyTorch scripts on minidl: what runs",
        "",
        "`import minidl.as_torch` above a script's other imports, or `python -m minidl.as_torch SCRIPT.py`. The tables list",
        "what 176 public teaching scripts, and the test suites of other small engines, were found to need. Each row is a",
        "short script in `tests/as_torch/features.py`, run by `pytest tests/as_torch/test_features.py`; this file is written",
        "by `python -m tests.as_torch.features`. What is not there ends in the error shown, never in a wrong number.",
        "",
        f"{there} of {count} are there.",
    ]
    for title, rows in found.items():
        lines += ["", f"## {title}", "", "| feature | |", "|---|---|"]
        for name, error in rows.items():
            shown = "yes" if error is None else f"no: {error}".replace("|", "\\|")
            lines.append(f"| {name} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import minidl.as_torch  # noqa: F401 - torch is minidl from here on

    DOCUMENT.write_text(document(results()), "utf-8")
