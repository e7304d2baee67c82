"""Whole networks through the converter: branches, attention, mixed precision, seven of Keras's Applications; lean graphs."""

from collections import Counter
from typing import Any

import numpy as np
import onnx
import pytest

from darkroom.export import canonical, convert
from darkroom.launch import backend
from darkroom.training import network
from tests.support.layers import IMAGES, OPSET, compare, enliven, exported, held

pytestmark = pytest.mark.tensorflow
APPLICATIONS = [
    *("MobileNetV2", "MobileNetV3Small", "ResNet50V2", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "ConvNeXtTiny"),
]
PHOTOS = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), np.uint8).repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> None:
    backend.start(0)


def ended(image: Any, features: Any) -> Any:
    """A model that ends as ours do."""
    from keras import Model, layers

    return Model(image, layers.Softmax(name="probabilities", dtype="float32")(layers.Dense(5, name="logits")(features)))


def squeeze_and_excitation() -> Any:
    from keras import Input, layers

    image = Input((12, 12, 3), dtype="uint8", name="image")
    maps = layers.Conv2D(8, 3)(layers.Rescaling(1 / 255)(image))
    gates = layers.Dense(8, activation="sigmoid")(layers.Dense(2, activation="relu")(layers.GlobalAveragePooling2D()(maps)))
    return ended(image, layers.GlobalAveragePooling2D()(layers.Multiply()([maps, layers.Reshape((1, 1, 8))(gates)])))


def attention_on_patches() -> Any:
    from keras import Input, layers

    image = Input((12, 12, 3), dtype="uint8", name="image")
    patches = layers.Reshape((16, 8))(layers.Conv2D(8, 3, strides=3)(layers.Rescaling(1 / 255)(image)))
    normal = layers.LayerNormalization()(patches)
    mixed = layers.Add()([patches, layers.MultiHeadAttention(2, 4)(normal, normal)])
    return ended(image, layers.GlobalAveragePooling1D()(mixed))


def trained_under(policy: str) -> Any:
    """Attention and convolutions, built while Keras is set to mixed precision."""
    import keras

    keras.config.set_dtype_policy(policy)
    try:
        return attention_on_patches(), squeeze_and_excitation()
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("size", [1, 4])
def test_a_normalised_picture_of_any_size(size: int) -> None:
    """Over one pixel tf2onnx's own form of a square went wrong without a word."""
    from keras import Input, layers

    image = Input((12, 12, 3), dtype="uint8", name="image")
    maps = layers.Conv2D(8, 12 // size, strides=12 // size)(layers.Rescaling(1 / 255)(image))
    assert compare(ended(image, layers.GlobalAveragePooling2D()(layers.LayerNormalization()(maps))), IMAGES).agrees


def application(name: str) -> Any:
    import keras

    image = keras.Input((32, 32, 3), dtype="uint8", name="image")
    body = getattr(keras.applications, name)(weights=None, input_shape=(32, 32, 3), include_top=False, pooling="avg")
    return ended(image, body(keras.layers.Rescaling(1.0)(image)))


def is_lean(model: onnx.ModelProto) -> None:
    """Standard operators of one opset, nothing that only copies, no layout that is undone at once, names that tell."""
    nodes = list(model.graph.node)
    kinds = Counter(node.op_type for node in nodes)
    assert [(it.domain, it.version) for it in model.opset_import] == [("", OPSET)]
    assert kinds["Identity"] == kinds["BatchNormalization"] == kinds["Dropout"] == 0
    assert kinds["Cast"] == 1  # uint8 to float
    makers = {name: node for node in nodes for name in node.output}
    pairs = [node for node in nodes if node.op_type == makers.get(node.input[0], node).op_type and makers.get(node.input[0])]
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
def test_an_application_exports_lean_and_agrees(name: str) -> None:
    model = application(name)
    enliven(model, PHOTOS)
    made = exported(model)
    assert held(made, model, PHOTOS).agrees
    is_lean(made)


def test_the_names_are_those_of_the_layers() -> None:
    from keras import Input, layers

    image = Input((12, 12, 3), dtype="uint8", name="image")
    maps = layers.Conv2D(8, 3, name="stem")(layers.Rescaling(1 / 255, name="scale")(image))
    maps = layers.ReLU(name="bend")(layers.BatchNormalization(name="norm")(maps))
    model = ended(image, layers.GlobalMaxPooling2D(name="pool")(maps))
    enliven(model, IMAGES)
    made = exported(model)
    is_lean(made)
    assert [node.name for node in made.graph.node] == [
        *(f"{model.name}/Cast", "stem/Transpose", "stem/Conv", "bend/Relu", "pool/Transpose", "pool/ReduceMax"),
        *("logits/MatMul", "logits/Add", "probabilities"),
    ]
    assert {"stem/Conv.weight", "stem/Conv.bias", "logits/MatMul.weight"} <= {it.name for it in made.graph.initializer}


def test_flip_averaging_is_one_batch_through_one_network() -> None:
    flipped = network.flip_averaged(squeeze_and_excitation())
    made = exported(flipped)
    is_lean(made)
    assert Counter(node.op_type for node in made.graph.node)["Conv"] == 1


@pytest.mark.parametrize("opset", [13, 15, 18])
def test_every_opset_that_can_be_chosen(opset: int) -> None:
    import onnxruntime

    model = network.flip_averaged(squeeze_and_excitation())
    made = canonical.canonical(convert.to_onnx(model, opset))
    assert made.opset_import[0].version == opset
    session = onnxruntime.InferenceSession(made.SerializeToString())
    assert np.allclose(session.run(None, {"image": IMAGES})[0], np.asarray(model(IMAGES)), atol=5e-6)
