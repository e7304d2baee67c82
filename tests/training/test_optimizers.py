"""Each option of a recipe does what its paper says: compared with values worked out by hand."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.training import network, optimizers, runtime
from tests.conftest import model_of

pytestmark = pytest.mark.tensorflow
POLICY = ImagePolicy(8, 8, 1, "stretch", "area", (0, 0, 0), 10**8)
LAYERS = [{"Conv2D": {"filters": 4, "kernel_size": 3}}, "BatchNormalization", "GlobalAveragePooling2D"]
LINEAR = {"PolynomialDecay": {"initial_learning_rate": 0.4, "end_learning_rate": 0.0, "decay_steps": "80 %"}}


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> None:
    runtime.start(0)


def compiled(steps_per_epoch: int = 10, layers: Sequence[Any] = LAYERS, **fit: Any) -> Any:
    """A small network, compiled for a training as `fit` says."""
    chosen = model_of(fit, layers=layers)
    model = network.build(chosen, POLICY, 3)
    optimizers.compile_model(model, chosen.fit, steps_per_epoch)
    return model


def rates(rate: Any, warmup: str | None, steps: list[int], epochs: int = 10) -> list[float]:
    """The learning rate before each of `steps`, ten steps an epoch."""
    optimizer = compiled(epochs=epochs, warmup=warmup, optimizer={"SGD": {"learning_rate": rate}}).optimizer
    values = []
    for step in steps:
        optimizer.iterations.assign(step)
        values.append(round(float(optimizer._get_current_learning_rate()), 6))
    return values


def stepped(optimizer: dict[str, Any], gradient: float = 0.0, **fit: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Each variable by its path, before and after one step of a constant gradient."""
    model = compiled(optimizer=optimizer, **fit)
    before = [np.array(variable) for variable in model.trainable_variables]
    model.optimizer.apply(
        [np.full(variable.shape, gradient, np.float32) for variable in model.trainable_variables], model.trainable_variables
    )
    return {variable.path: (old, np.array(variable)) for variable, old in zip(model.trainable_variables, before, strict=True)}


def test_a_warm_up_of_zero_steps_has_no_effect() -> None:
    assert rates(0.4, "0 epochs", [0, 1]) == [0.4, 0.4]
    assert rates(0.4, "0.4 %", [0]) == [0.4]


def test_a_constant_rate_warms_up_in_a_straight_line() -> None:
    assert rates(0.4, "2 epochs", [0, 5, 10, 20, 21, 99]) == [0.0, 0.1, 0.2, 0.4, 0.4, 0.4]


def test_one_cycle_rises_and_falls_in_straight_lines() -> None:
    assert rates(LINEAR, "20 %", [0, 10, 20, 60, 100]) == [0.0, 0.2, 0.4, 0.2, 0.0]


def test_a_cosine_begins_where_the_warm_up_ends() -> None:
    cosine = {"CosineDecay": {"initial_learning_rate": 0.4, "decay_steps": "9 epochs"}}
    assert rates(cosine, "1 epoch", [5, 10, 10 + 30, 55, 100]) == [0.2, 0.4, 0.3, 0.2, 0.0]  # cos(pi / 3) = 1/2


def test_without_a_warm_up_the_schedule_is_keras_s_own() -> None:
    own = {"initial_learning_rate": 0.0, "warmup_target": 0.1, "warmup_steps": "2 epochs", "decay_steps": "80 %"}
    assert rates({"CosineDecay": own}, None, [0, 10, 20, 60, 100]) == [0.0, 0.05, 0.1, 0.05, 0.0]


def test_lists_of_epochs_become_steps_too() -> None:
    steps = {"PiecewiseConstantDecay": {"boundaries": ["5 epochs", "80 %"], "values": [0.1, 0.01, 0.001]}}
    assert rates(steps, None, [50, 51, 81]) == [0.1, 0.01, 0.001]


def test_an_omitted_rate_warms_up_to_the_optimizers_default() -> None:
    optimizer = compiled(epochs=2, warmup="1 epoch", optimizer="AdamW").optimizer
    optimizer.iterations.assign(5)
    assert float(optimizer._get_current_learning_rate()) == pytest.approx(0.0005)


@pytest.mark.parametrize("name", ["SGD", "AdamW", "Muon", "Lion"])
def test_weight_decay_spares_biases_and_norms(name: str) -> None:
    decays = {"weight_decay": 0.5, **({"adam_weight_decay": 0.5} if name == "Muon" else {})}
    after = stepped({name: {"learning_rate": 0.1, **decays}})
    spared = {path.split("/")[-1] for path, (old, new) in after.items() if np.array_equal(old, new)}
    assert spared == {"bias", "gamma", "beta"}
    for path in ("conv2d", "logits"):
        old, new = next(values for name, values in after.items() if path in name and "kernel" in name)
        assert np.allclose(new, old * (1 - 0.1 * 0.5))


def test_decay_spares_norms_and_activations_of_any_shape() -> None:
    layers = [{"Conv2D": {"filters": 2, "kernel_size": 3}}, {"LayerNormalization": {"axis": [1, 2, 3]}}, "PReLU", "Flatten"]
    after = stepped({"SGD": {"learning_rate": 0.1, "weight_decay": 0.5}}, layers=layers)
    moved = {path.split("/")[-1] for path, (old, new) in after.items() if not np.array_equal(old, new)}
    assert moved == {"kernel"}


def test_muon_orthogonalises_only_kernels_that_mix_channels() -> None:
    layers = [
        {"DepthwiseConv2D": {"kernel_size": 3, "depth_multiplier": 2}},
        {"SeparableConv2D": {"filters": 4, "kernel_size": 3}},
        {"Conv2DTranspose": {"filters": 4, "kernel_size": 3}},
        "PReLU",
        "Flatten",
        {"Dense": {"units": 5}},
    ]
    model = compiled(layers=layers, optimizer={"Muon": {"learning_rate": 0.1, "exclude_layers": ["^dense"]}})
    taken = {variable.path for variable in model.trainable_variables if not model.optimizer._should_use_adamw(variable)}
    assert {re.sub(r"_\d+/", "/", path) for path in taken} == {"separable_conv2d/pointwise_kernel", "conv2d_transpose/kernel"}


def test_muon_makes_a_kernel_s_update_orthogonal_and_leaves_the_rest_to_adam() -> None:
    model = compiled(
        optimizer={"Muon": {"learning_rate": 0.1, "weight_decay": None, "adam_weight_decay": None, "nesterov": False}}
    )
    generator = np.random.default_rng(0)
    gradients = [generator.normal(size=variable.shape).astype(np.float32) for variable in model.trainable_variables]
    before = [np.array(variable) for variable in model.trainable_variables]
    model.optimizer.apply(gradients, model.trainable_variables)
    for variable, old, gradient in zip(model.trainable_variables, before, gradients, strict=True):
        update = (old - np.array(variable)) / 0.1
        if variable.path.startswith("conv2d") and len(variable.shape) == 4:
            values = np.linalg.svd(update.reshape(9, 4) / (0.2 * 9**0.5), compute_uv=False)
            assert values.min() > 0.6 and values.max() < 1.25  # where Jordan's five iterations end
            u, _, v = np.linalg.svd(gradient.reshape(9, 4), full_matrices=False)
            cosine = np.sum(update.reshape(9, 4) * (u @ v)) / np.linalg.norm(update) / 2
            assert cosine > 0.95
        else:
            assert np.allclose(update, np.sign(gradient), atol=1e-3)  # the first step of Adam


def test_clipping_scales_the_whole_gradient() -> None:
    after = stepped({"SGD": {"learning_rate": 1.0, "global_clipnorm": 2.0}}, gradient=5.0)
    moved = np.concatenate([(old - new).ravel() for old, new in after.values()])
    assert np.linalg.norm(moved) == pytest.approx(2.0, rel=1e-5)


def test_nesterov_looks_ahead() -> None:
    optimizer = {"SGD": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}}
    after = stepped(optimizer, gradient=1.0)
    assert all(np.allclose(old - new, 0.1 * 1.9, atol=1e-6) for old, new in after.values())


def test_label_smoothing_spreads_a_tenth_over_all_classes() -> None:
    model = compiled(loss={"CategoricalCrossentropy": {"label_smoothing": 0.1}})
    answers = np.array([[0.7, 0.2, 0.1]], np.float32)
    by_hand = -(0.9 + 0.1 / 3) * np.log(0.7) - 0.1 / 3 * (np.log(0.2) + np.log(0.1))
    assert float(model.compute_loss(y=np.array([[1.0, 0, 0]], np.float32), y_pred=answers)) == pytest.approx(by_hand, rel=1e-5)


def test_focal_loss_counts_easy_images_less() -> None:
    model = compiled(loss={"CategoricalFocalCrossentropy": {"alpha": 0.25, "gamma": 2.0}})
    answers = np.array([[0.9, 0.05, 0.05]], np.float32)
    by_hand = -0.25 * (1 - 0.9) ** 2 * np.log(0.9)
    assert float(model.compute_loss(y=np.array([[1.0, 0, 0]], np.float32), y_pred=answers)) == pytest.approx(by_hand, rel=1e-4)


def test_a_class_weight_multiplies_the_loss_of_its_images() -> None:
    model = compiled()
    targets, answers = np.eye(3, dtype=np.float32)[:2], np.array([[0.5, 0.3, 0.2], [0.3, 0.5, 0.2]], np.float32)
    loss = float(model.compute_loss(y=targets, y_pred=answers, sample_weight=np.array([2.0, 1.0], np.float32)))
    assert loss == pytest.approx(-(2 * np.log(0.5) + np.log(0.5)) / 2, rel=1e-5)


@pytest.mark.parametrize(
    ("fit", "line"),
    [
        ({"optimizer": {"Adam": {"clipnorm": 1.0, "clipvalue": 1.0}}}, r"fit.optimizer.Adam: [^\n]*clip"),
        ({"optimizer": {"SGD": {"momentum": 2.0}}}, r"fit.optimizer.SGD: [^\n]*momentum"),
    ],
)
def test_what_keras_rejects_is_one_line(fit: dict[str, Any], line: str) -> None:
    with pytest.raises(DarkroomError, match=rf"^params.yaml:7: models.m.{line}[^\n]*$"):
        compiled(**fit)
