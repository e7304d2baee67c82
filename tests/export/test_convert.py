"""Whole networks through the converter: branches, attention, mixed precision, seven of Keras's Applications; simplified graphs."""

from collections import Counter
from typing import Any

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import Input, layers

from darkroom.export import canonical, convert
from darkroom.training import network, runtime
from tests.support.layers import IMAGES, OPSET, compare, compare_answers, exported, randomise

pytestmark = pytest.mark.tensorflow
APPLICATIONS = [
    "MobileNetV2",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("MobileNetV3Small", "ResNet50V2", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "ConvNeXtTiny")
    ),
]
PHOTOS = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), np.uint8).repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> None:
    runtime.start(0)


def with_head(image: Any, features: Any) -> Any:
    """A model that ends like the models of params.yaml."""
    return keras.Model(image, layers.Softmax(name="probabilities", dtype="float32")(layers.Dense(5, name="logits")(features)))


def squeeze_and_excitation() -> Any:
    image = Input((12, 12, 3), dtype="uint8", name="image")
    maps = layers.Conv2D(8, 3)(layers.Rescaling(1 / 255)(image))
    gates = layers.Dense(8, activation="sigmoid")(layers.Dense(2, activation="relu")(layers.GlobalAveragePooling2D()(maps)))
    return with_head(image, layers.GlobalAveragePooling2D()(layers.Multiply()([maps, layers.Reshape((1, 1, 8))(gates)])))


def attention_on_patches() -> Any:
    image = Input((12, 12, 3), dtype="uint8", name="image")
    patches = layers.Reshape((16, 8))(layers.Conv2D(8, 3, strides=3)(layers.Rescaling(1 / 255)(image)))
    normal = layers.LayerNormalization()(patches)
    mixed = layers.Add()([patches, layers.MultiHeadAttention(2, 4)(normal, normal)])
    return with_head(image, layers.GlobalAveragePooling1D()(mixed))


def trained_under(policy: str) -> Any:
    """Attention and convolutions, built while Keras is set to mixed precision."""
    keras.config.set_dtype_policy(policy)
    try:
        return attention_on_patches(), squeeze_and_excitation()
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("size", [1, 4])
def test_layer_normalisation_of_any_size(size: int) -> None:
    """For one pixel, tf2onnx's own conversion of a square is silently wrong."""
    image = Input((12, 12, 3), dtype="uint8", name="image")
    maps = layers.Conv2D(8, 12 // size, strides=12 // size)(layers.Rescaling(1 / 255)(image))
    assert compare(with_head(image, layers.GlobalAveragePooling2D()(layers.LayerNormalization()(maps))), IMAGES).agrees


def application(name: str) -> Any:
    image = keras.Input((32, 32, 3), dtype="uint8", name="image")
    body = getattr(keras.applications, name)(weights=None, input_shape=(32, 32, 3), include_top=False, pooling="avg")
    return with_head(image, body(keras.layers.Rescaling(1.0)(image)))


def check_simplified(model: onnx.ModelProto) -> None:
    """Standard operators of one opset; no no-ops, no consecutive transposes or casts; short unique names."""
    nodes = list(model.graph.node)
    counts = Counter(node.op_type for node in nodes)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", OPSET)]
    assert counts["Identity"] == counts["BatchNormalization"] == counts["Dropout"] == 0
    assert counts["Cast"] == 1  # uint8 to float
    producers = {name: node for node in nodes for name in node.output}
    pairs = [
        node for node in nodes if node.op_type == producers.get(node.input[0], node).op_type and producers.get(node.input[0])
    ]
    assert [node.name for node in pairs if node.op_type in ("Transpose", "Cast")] == []
    assert len({node.name for node in nodes}) == len(nodes)
    assert max(len(node.name) for node in nodes) < 60
    assert not [name for node in nodes for name in [node.name, *node.input, *node.output] if ":" in name or "__" in name]


@pytest.mark.parametrize("build", [squeeze_and_excitation, attention_on_patches])
def test_branches_and_attention(build: Any) -> None:
    assert compare(build(), IMAGES).agrees


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_model_trained_in_mixed_precision_answers_in_float32(policy: str) -> None:
    for model in trained_under(policy):
        assert {layer.compute_dtype for layer in model._flatten_layers()} > {policy.removeprefix("mixed_")}
        assert compare(model, IMAGES).agrees


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_is_simplified_and_agrees(name: str) -> None:
    model = application(name)
    randomise(model, PHOTOS)
    onnx_model = exported(model)
    assert compare_answers(onnx_model, model, PHOTOS).agrees
    check_simplified(onnx_model)


def test_nodes_are_named_after_layers() -> None:
    image = Input((12, 12, 3), dtype="uint8", name="image")
    maps = layers.Conv2D(8, 3, name="stem")(layers.Rescaling(1 / 255, name="scale")(image))
    maps = layers.ReLU(name="bend")(layers.BatchNormalization(name="norm")(maps))
    model = with_head(image, layers.GlobalMaxPooling2D(name="pool")(maps))
    randomise(model, IMAGES)
    onnx_model = exported(model)
    check_simplified(onnx_model)
    assert [node.name for node in onnx_model.graph.node] == [
        *(f"{model.name}/Cast", "stem/Transpose", "stem/Conv", "bend/Relu", "pool/Transpose", "pool/ReduceMax"),
        *("logits/MatMul", "logits/Add", "probabilities"),
    ]
    assert {"stem/Conv.weight", "stem/Conv.bias", "logits/MatMul.weight"} <= {
        tensor.name for tensor in onnx_model.graph.initializer
    }


def test_flip_averaging_is_one_batch_through_one_network() -> None:
    flipped = network.flip_averaged(squeeze_and_excitation())
    onnx_model = exported(flipped)
    check_simplified(onnx_model)
    assert Counter(node.op_type for node in onnx_model.graph.node)["Conv"] == 1


@pytest.mark.parametrize("opset", [13, 15, 18])
def test_every_opset_that_can_be_chosen(opset: int) -> None:
    model = network.flip_averaged(squeeze_and_excitation())
    onnx_model = canonical.canonical(convert.to_onnx(model, opset))
    assert onnx_model.opset_import[0].version == opset
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString())
    assert np.allclose(session.run(None, {"image": IMAGES})[0], np.asarray(model(IMAGES)), atol=5e-6)


def normalised(flip: bool) -> Any:
    """Two residual blocks, with layer normalisations whose constants are equal."""
    image = Input((12, 12, 3), dtype="uint8", name="image")
    maps = layers.Conv2D(8, 3, strides=3)(layers.Rescaling(1 / 255)(image))
    for _ in range(2):
        normal = layers.LayerNormalization()(layers.DepthwiseConv2D(3, padding="same")(maps))
        maps = layers.Add()([maps, layers.Conv2D(8, 1, activation="gelu")(normal)])
    model = with_head(image, layers.GlobalMaxPooling2D()(layers.ReLU()(layers.LayerNormalization()(maps))))
    return network.flip_averaged(model) if flip else model


@pytest.mark.parametrize("flip", [False, True])
def test_repeated_conversion_gives_the_same_bytes(flip: bool) -> None:
    model = normalised(flip)
    assert len({canonical.serialise(exported(model)) for _ in range(3)}) == 1
