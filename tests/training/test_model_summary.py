"""The model summary: parameters, multiply-adds and receptive fields, worked out by hand."""

import pytest

from darkroom.export import canonical, convert, flops
from darkroom.training import model_summary, runtime
from tests.training.test_architectures import COMPACT, RESIDUAL, built

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> None:
    runtime.start(0)


def test_the_table_counts_what_the_onnx_graph_computes() -> None:
    for architecture in (
        {"compact": {**COMPACT, "squeeze_excitation": 4}},
        {"compact": {**COMPACT, "convolution": "separable"}},
        {"residual": {**RESIDUAL, "depth": 10, "width": 1}},
        {"layers": [{"SeparableConv2D": {"filters": 6, "kernel_size": 3}}, {"Dense": {"units": 4}}, "Flatten"]},
        {"layers": [{"Conv2DTranspose": {"filters": 6, "kernel_size": 2, "strides": 2}}, "Flatten"]},
    ):
        model = built(8, **architecture)
        graph = canonical.canonical(convert.to_onnx(model, 18))
        total = model_summary.table(model).iloc[-1]
        assert total["multiply_adds"] == flops.multiply_adds(graph), architecture
        assert total["parameters"] == model.count_params()


def test_the_receptive_field_grows_by_the_kernel_times_the_strides_before_it() -> None:
    layers = [
        {"Conv2D": {"filters": 2, "kernel_size": 3}},
        {"MaxPool2D": {"pool_size": 2}},
        {"Conv2D": {"filters": 2, "kernel_size": 3, "dilation_rate": 2}},
        {"Conv2D": {"filters": 2, "kernel_size": 3, "strides": 2}},
        {"DepthwiseConv2D": {"kernel_size": 3}},
        "GlobalMaxPool2D",
    ]
    fields = model_summary.table(built(64, layers=layers))["receptive_field"].tolist()
    assert fields[2:8] == [3, 4, 4 + 2 * 2 * 2, 12 + 2 * 2, 16 + 2 * 4, 64]


def test_the_receptive_field_is_in_pixels_of_the_image() -> None:
    layers = [
        {"Resizing": {"height": 128, "width": 128}},  # half a pixel apart
        {"Conv2D": {"filters": 2, "kernel_size": 5, "padding": "same"}},
        {"UpSampling2D": {"size": 2}},  # a quarter
        {"Conv2D": {"filters": 2, "kernel_size": 5, "padding": "same"}},
        {"Conv2DTranspose": {"filters": 2, "kernel_size": 4, "strides": 2}},  # reads two values
        {"Conv2D": {"filters": 2, "kernel_size": 17}},
        "Flatten",
    ]
    fields = model_summary.table(built(64, layers=layers))["receptive_field"].tolist()
    assert fields[2:8] == [1, 3, 3, 4, 5, 7]  # 1, 1 + 4 / 2, 3, 3 + 4 / 4, 4 + 1 / 4, 4.25 + 16 / 8


def test_a_shortcut_sees_what_its_widest_branch_sees() -> None:
    rows = model_summary.table(built(64, residual={**RESIDUAL, "depth": 10, "width": 1})).set_index("kind")
    assert rows.loc["Add", "receptive_field"].tolist() == [1 + 3 * 2, 7 + 2 + 2 * 2, 13 + 2 * 2 + 2 * 4]
