"""The arguments of a transform on the page."""

from darkroom.reporting.sections import augmentation


def test_arguments_are_written_as_in_params_yaml() -> None:
    assert augmentation.text({"p": 0.5, "rotate": [-20, 20]}) == "p: 0.5, rotate: [-20, 20]"
    assert augmentation.text({}) == ""
