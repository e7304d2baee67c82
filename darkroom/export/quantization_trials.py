"""Chooses which smaller form of a model to keep: the most accurate one on validation among those that pass.

int8 is tried with one scale per tensor and one per channel. If neither passes, the most sensitive layers stay in float32.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import onnx

from darkroom.config.schema import Quantize
from darkroom.core import digests
from darkroom.core.arrays import Labels, Pixels, Probabilities
from darkroom.data.shards import Shards
from darkroom.evaluation import calibration
from darkroom.export import canonical, quantization
from darkroom.export.quantization import Form
from darkroom.inference import metadata, session
from darkroom.inference.metadata import Metadata

MOST_LEFT_OUT = 3


@dataclass(frozen=True)
class Trial:
    """One form: its name, the bytes of its file, its accuracy on validation."""

    name: str
    content: bytes
    accuracy: float

    def plain(self) -> dict[str, Any]:
        """For the report."""
        return {"form": self.name, "bytes": len(self.content), "accuracy": self.accuracy}


@dataclass(frozen=True)
class Trials:
    """The trials of one float32 model, the `baseline`.

    The ranges of int8 are measured on `images` (uint8 N x H x W x C, from train), accuracy on `validation`. `allowed` is the
    section `quantize` of params.yaml.
    """

    baseline: Trial
    images: Pixels
    validation: Shards
    allowed: Quantize

    def of_precision(self, precision: str) -> list[Trial]:
        """Tries the forms of `int8` or `float16`; returns all trials in order."""
        return list(self._float16() if precision == "float16" else self._int8())

    def passes(self, trial: Trial) -> bool:
        """Whether it is smaller than the baseline and loses no more accuracy than params.yaml allows."""
        drop = round(self.baseline.accuracy - trial.accuracy, 9)  # rounded: a drop of exactly `largest_drop` passes
        return len(trial.content) < len(self.baseline.content) and drop <= self.allowed.largest_drop

    def best(self, trials: list[Trial]) -> Trial | None:
        """The most accurate form that passes; the smallest of several that are equally accurate."""
        passing = [trial for trial in trials if self.passes(trial)]
        return max(passing, key=lambda trial: (trial.accuracy, -len(trial.content)), default=None)

    def report(self, trials: list[Trial]) -> dict[str, Any]:
        """The report of one precision: whether a form is kept, the reason in words, its SHA-256, and all trials."""
        kept = self.best(trials)
        shown = kept or max(trials, key=lambda trial: trial.accuracy)
        comparison = (
            f"{shown.name}: {len(shown.content):,} bytes against {len(self.baseline.content):,}, accuracy on validation "
            f"{shown.accuracy:.4f} against {self.baseline.accuracy:.4f} (quantize.largest_drop: {self.allowed.largest_drop:g})"
        )
        return {
            "kept": kept is not None,
            "reason": f"{'kept' if kept else 'not kept'}, {comparison}",
            "sha256": digests.sha256(kept.content) if kept else None,
            "tried": [trial.plain() for trial in trials],
        }

    def _float16(self) -> Iterator[Trial]:
        model, description = self._read("float16")
        yield self._trial("float16", quantization.float16(model), description)

    def _int8(self) -> Iterator[Trial]:
        """Both forms; if neither passes, one to three of the most sensitive layers stay in float32, until a form passes."""
        model, description = self._read("int8")
        trials = []
        for form in quantization.FORMS:
            trials.append(self._trial(form.name, quantization.int8(model, self.images, form), description))
            yield trials[-1]
        smallest = min(len(trial.content) for trial in trials)
        if self.best(trials) is not None or smallest >= len(self.baseline.content):
            return
        ranked = quantization.sensitive(model, self.images)
        for count in range(1, min(MOST_LEFT_OUT, len(ranked) - 1) + 1):
            form = Form("per channel without " + ", ".join(ranked[:count]), True, tuple(ranked[:count]))
            trial = self._trial(form.name, quantization.int8(model, self.images, form), description)
            yield trial
            if self.passes(trial):
                return

    def _read(self, precision: str) -> tuple[onnx.ModelProto, Metadata]:
        """The float32 model, and metadata for a smaller form, with the MD5 of the float32 file added to the provenance."""
        model = onnx.load_from_string(self.baseline.content)
        texts = {entry.key: entry.value for entry in model.metadata_props}
        description = metadata.from_texts(texts, "model.onnx")
        source = digests.md5(self.baseline.content)
        return model, replace(description, precision=precision, origin={**description.origin, "source": source})

    def _trial(self, name: str, model: onnx.ModelProto, description: Metadata) -> Trial:
        """Measures one form, with its own threshold of "unsure", since rounding changes probabilities."""
        probabilities = _probabilities(canonical.serialise(model), self.validation)
        rate, labels = description.error_rate, self.validation.labels
        unsure_below = None if rate is None else calibration.threshold(probabilities, labels, rate)
        content = canonical.with_metadata(model, replace(description, unsure_below=unsure_below))
        return Trial(name, content, _accuracy(probabilities, labels))


def measured(name: str, content: bytes, validation: Shards) -> Trial:
    """The trial of an unchanged file."""
    return Trial(name, content, _accuracy(_probabilities(content, validation), validation.labels))


def _probabilities(content: bytes, split: Shards) -> Probabilities:
    return session.run_batches(session.load(content, "model"), split.batches())


def _accuracy(probabilities: Probabilities, labels: Labels) -> float:
    return float((probabilities.argmax(axis=1) == labels).mean())
