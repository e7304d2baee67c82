"""The network of params.yaml in PyTorch. Each line from benchmarks/training.py runs an epoch and is answered by its seconds.

    PYTHON -m benchmarks.torch_baseline ARRAYS.npz TASK_AS_JSON

Channels last, which is faster for convolutions on a CPU, and Adam, as in the other variants. PYTHON is an interpreter with
PyTorch, which is not a dependency of this project.
"""

import json
import sys
import time
from typing import Any

import numpy as np
import torch
from torch import nn


def pair(value: Any) -> Any:
    """A size as PyTorch expects it."""
    return tuple(value) if isinstance(value, list) else value


def modules(call: dict[str, dict[str, Any]]) -> list[Any]:
    """The modules of one layer of params.yaml."""
    ((name, arguments),) = call.items()
    active = [nn.ReLU()] if arguments.get("activation") == "relu" else []
    match name:
        case "Conv2D":
            padding = "same" if arguments.get("padding") == "same" else 0
            size = pair(arguments["kernel_size"])
            return [nn.LazyConv2d(arguments["filters"], size, padding=padding, bias=arguments.get("use_bias", True)), *active]
        case "Dense":
            return [nn.LazyLinear(arguments["units"], bias=arguments.get("use_bias", True)), *active]
        case "MaxPool2D":
            return [nn.MaxPool2d(pair(arguments["pool_size"]))]
        case "BatchNormalization":
            return [nn.LazyBatchNorm2d(eps=1e-3, momentum=0.01)]
        case "GlobalMaxPool2D":
            return [nn.AdaptiveMaxPool2d(1), nn.Flatten()]
        case _:
            return {"ReLU": [nn.ReLU()], "Flatten": [nn.Flatten()]}[name]


def main() -> None:
    """Builds the network, then trains it for one epoch per line."""
    arrays, task = np.load(sys.argv[1]), json.loads(sys.argv[2])
    images = torch.from_numpy(arrays["images"]).permute(0, 3, 1, 2)
    labels = torch.from_numpy(arrays["labels"].astype(np.int64))
    parts = [part for call in task["layers"] for part in modules(call)]
    model = nn.Sequential(*parts, nn.LazyLinear(task["classes"]))
    model(images[:2].float())
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters())
    for _ in sys.stdin:
        begin = time.perf_counter()
        for batch in torch.randperm(len(images)).split(task["batch_size"]):
            scaled = images[batch].float().div_(255).contiguous(memory_format=torch.channels_last)
            loss = nn.functional.cross_entropy(model(scaled), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    main()
