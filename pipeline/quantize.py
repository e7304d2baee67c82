"""Stage 6: smaller files beside the one that ships, each kept only if it earns its place on validation.

Reads   params.yaml (quantize), models/MODEL/model.onnx, reports/verify/MODEL.json, data/prepared (train, validation).
Writes  models/MODEL/compact/ (model.int8.onnx, model.float16.onnx, or neither), reports/quantize/MODEL.json (all trials).
Run     dvc repro quantize@MODEL, or python -m pipeline.quantize MODEL

int8 is tried with one scale a tensor and one a channel; where neither will do, the most sensitive layers are left out.
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from darkroom import config
from darkroom.config.schema import Quantize
from darkroom.core import artifacts, command, paths
from darkroom.data.shards import Shards
from darkroom.evaluation import calibration
from darkroom.export import canonical, quantization
from darkroom.export.quantization import Form, Images
from darkroom.inference import metadata, session
from darkroom.inference.metadata import Passport
from darkroom.verification import verified_models

LEFT_OUT = 3


@dataclass(frozen=True)
class Trial:
    """One smaller form: what was done, the bytes of its file, its accuracy on validation."""

    name: str
    content: bytes
    accuracy: float

    def plain(self) -> dict[str, Any]:
        """For the report."""
        return {"form": self.name, "bytes": len(self.content), "accuracy": self.accuracy}


def main() -> None:
    """Tries the forms that params.yaml asks for and keeps those that pass."""
    name = command.model_argument(__doc__)
    settings = config.load()
    settings.model(name)
    content = verified_models.content(name)
    validation, train = Shards(paths.prepared("validation")), Shards(paths.prepared("train"))
    images = train.images(np.arange(min(settings.quantize.images, len(train))))
    whole = Trial("float32", content, accuracy(answers(content, validation), validation))
    shutil.rmtree(paths.compact(name), ignore_errors=True)
    paths.compact(name).mkdir(parents=True)
    report: dict[str, Any] = {"float32": whole.plain()}
    for precision in settings.quantize.forms:
        trials = list(tried(precision, content, images, validation, settings.quantize, whole))
        kept = best(trials, settings.quantize, whole)
        report[precision] = verdict(kept, trials, settings.quantize, whole)
        print(f"{name} {precision}: {report[precision]['reason']}", flush=True)
        if kept:
            artifacts.write_bytes(paths.compact(name) / f"model.{precision}.onnx", kept.content)
    artifacts.write_json(paths.quantized(name), report)


def tried(
    precision: str, content: bytes, images: Images, validation: Shards, allowed: Quantize, whole: Trial
) -> Iterator[Trial]:
    """The forms of one precision, measured; layers are left out only as long as nothing before them passes."""
    model = onnx.load_from_string(content)
    stamp = metadata.from_metadata({it.key: it.value for it in model.metadata_props}, "model.onnx")
    source = {"source": hashlib.md5(content, usedforsecurity=False).hexdigest()}
    stamp = replace(stamp, precision=precision, origin={**stamp.origin, **source})
    if precision == "float16":
        yield trial("float16", quantization.float16(model), stamp, validation)
        return
    trials = []
    for form in quantization.PLAIN:
        trials.append(trial(form.name, quantization.int8(model, images, form), stamp, validation))
        yield trials[-1]
    if best(trials, allowed, whole) is None and any(len(it.content) < len(content) for it in trials):
        yield from without_sensitive(model, images, stamp, validation, allowed, whole)


def without_sensitive(
    model: onnx.ModelProto, images: Images, stamp: Passport, validation: Shards, allowed: Quantize, whole: Trial
) -> Iterator[Trial]:
    """One scale a channel, with the most sensitive layer in float32, then the two most sensitive, until a form passes."""
    ranked = quantization.sensitive(model, images)
    for count in range(1, min(LEFT_OUT, len(ranked) - 1) + 1):
        form = Form("per channel without " + ", ".join(ranked[:count]), True, tuple(ranked[:count]))
        found = trial(form.name, quantization.int8(model, images, form), stamp, validation)
        yield found
        if passes(found, allowed, whole):
            return


def trial(name: str, model: onnx.ModelProto, stamp: Passport, validation: Shards) -> Trial:
    """Stamps and measures one form."""
    found = answers(canonical.serialise(model), validation)
    rate = stamp.error_rate
    unsure_below = None if rate is None else calibration.threshold(found, validation.labels, rate)
    return Trial(name, canonical.stamped(model, replace(stamp, unsure_below=unsure_below)), accuracy(found, validation))


def answers(content: bytes, split: Shards) -> NDArray[np.float32]:
    """The probabilities that a file gives for a split, N x K."""
    runner = session.load(content, "model")
    return np.concatenate([session.run(runner, images) for images in split.batches()])


def accuracy(probabilities: NDArray[np.float32], split: Shards) -> float:
    """The share of right answers."""
    return float((probabilities.argmax(axis=1) == split.labels).mean())


def passes(found: Trial, allowed: Quantize, whole: Trial) -> bool:
    """Smaller, and no less accurate than params.yaml allows."""
    drop = round(whole.accuracy - found.accuracy, 9)  # the drop that is allowed may be met exactly
    return len(found.content) < len(whole.content) and drop <= allowed.largest_drop


def best(trials: list[Trial], allowed: Quantize, whole: Trial) -> Trial | None:
    """The most accurate form that passes, of equals the smallest."""
    fit = [it for it in trials if passes(it, allowed, whole)]
    return max(fit, key=lambda it: (it.accuracy, -len(it.content)), default=None)


def verdict(kept: Trial | None, trials: list[Trial], allowed: Quantize, whole: Trial) -> dict[str, Any]:
    """What became of one precision, with the reason in words."""
    shown = kept or max(trials, key=lambda it: it.accuracy)
    facts = (
        f"{shown.name}: {len(shown.content):,} bytes against {len(whole.content):,}, accuracy on validation "
        f"{shown.accuracy:.4f} against {whole.accuracy:.4f} (quantize.largest_drop: {allowed.largest_drop:g})"
    )
    return {
        "kept": kept is not None,
        "reason": f"{'kept' if kept else 'not kept'}, {facts}",
        "sha256": hashlib.sha256(kept.content).hexdigest() if kept else None,
        "tried": [it.plain() for it in trials],
    }


if __name__ == "__main__":
    command.run(main)
