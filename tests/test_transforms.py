import json
import subprocess
import sys

import numpy as np

from pipeline.transforms import Pipeline

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 9, 9, 3), np.uint8)


def test_a_chain_is_a_function_of_its_seed() -> None:
    chain = Pipeline([{"Affine": {"rotate": [-30, 30], "p": 1}}, {"RandomBrightnessContrast": {"p": 0.5}}])
    assert np.array_equal(chain(IMAGES, 3), chain(IMAGES, 3))
    assert not np.array_equal(chain(IMAGES, 3), chain(IMAGES, 4))


def test_no_transforms_change_nothing() -> None:
    assert Pipeline([])(IMAGES, 0) is IMAGES


def test_a_missing_library_is_asked_for_by_name() -> None:
    program = """
import sys; sys.modules["albumentations"] = None
from pipeline.errors import Refusal
from pipeline.transforms import Pipeline
try: Pipeline([{"CLAHE": {"p": 1}}])
except Refusal as refusal: print(refusal)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told == "this model preprocesses with CLAHE: install albumentations==2.0.8\n"


def test_calls_are_json() -> None:
    assert json.loads(json.dumps(Pipeline([{"HorizontalFlip": {"p": 0.5}}]).calls)) == [{"HorizontalFlip": {"p": 0.5}}]
