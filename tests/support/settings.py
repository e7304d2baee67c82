"""The checked values of a small params.yaml, some of them replaced. Places stay: preprocess is on line 4."""

from typing import Any

from darkroom import config
from darkroom.config.schema import Params
from darkroom.core import yaml_source
from tests.support.params import PARAMS


def settings(seed: int = 0, **preprocess: Any) -> Params:
    checked = config.checked(yaml_source.parse(PARAMS, "params.yaml"), config.Params)
    return checked.model_copy(update={"seed": seed, "preprocess": checked.preprocess.model_copy(update=preprocess)})
