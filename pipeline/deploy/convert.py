"""From a Keras model to an ONNX model, by tf2onnx with an explicit signature: `image` in, `probabilities` out."""

import contextlib
import io
from typing import TYPE_CHECKING

import onnx

from pipeline.errors import Refusal

if TYPE_CHECKING:
    import keras

INPUT, OUTPUT = "image", "probabilities"


def to_onnx(model: "keras.Model", opset: int) -> onnx.ModelProto:
    """The ONNX form of a model that takes uint8 N x H x W x C and gives float32 N x K, with a free N.

    Raises Refusal for a layer that has no ONNX form: tf2onnx only prints those and goes on, so the result is checked.
    """
    import tensorflow as tf
    import tf2onnx

    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8, name=INPUT)]

    @tf.function(input_signature=signature)
    def answer(image):  # type: ignore[no-untyped-def]
        return {OUTPUT: model(image, training=False)}

    with contextlib.redirect_stderr(io.StringIO()):
        converted: onnx.ModelProto
        converted, _ = tf2onnx.convert.from_function(answer, input_signature=signature, opset=opset)
    check(converted)
    return converted


def check(model: onnx.ModelProto) -> None:
    """Runs every check that the onnx package has. Raises Refusal with the first that fails."""
    foreign = {node.op_type for node in model.graph.node if node.domain not in ("", "ai.onnx.ml")}
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        foreign_text = f" (not ONNX operators: {', '.join(sorted(foreign))})" if foreign else ""
        raise Refusal(f"the converted model is not valid ONNX: {str(error).strip().splitlines()[0]}{foreign_text}") from None
