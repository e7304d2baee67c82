"""The names that params.yaml may use, read from the source of the libraries, exist in the imported libraries."""

import pytest

from darkroom.config import vocabulary
from darkroom.launch import backend


@pytest.mark.tensorflow
def test_the_vocabulary_is_what_the_libraries_have() -> None:
    backend.configure()
    import albumentations
    import keras

    for names, module in [
        (vocabulary.layers(), keras.layers),
        (vocabulary.optimizers(), keras.optimizers),
        (vocabulary.schedules(), keras.optimizers.schedules),
        (vocabulary.callbacks(), keras.callbacks),
        (vocabulary.transforms(), albumentations),
    ]:
        assert [name for name in names if not hasattr(module, name)] == []
