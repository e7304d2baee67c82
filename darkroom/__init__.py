"""Labelled images in, a proven ONNX classifier out.

The public API is the classifier:

    from darkroom import Classifier
    classifier = Classifier("models/cnn/model.onnx")
    classifier.predict(["shoe.png"])   # [Prediction(label='Ankle boot', probability=0.98, ...)]
"""

from typing import Any

__all__ = ["Classifier", "DarkroomError", "Prediction"]


def __getattr__(name: str) -> Any:
    """Imports the classifier on first use: the stages import this package too, and most of them need no onnxruntime."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from darkroom.inference import classifier

    return getattr(classifier, name)
