"""The augmentation preview shows exactly what training sees."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from darkroom import config
from darkroom.config.calls import augmentation
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.launch.distributed.shard import Shard
from darkroom.training import augmentation_preview, setup
from darkroom.training.batches import WHOLE, Batches, stream
from pipeline import train
from tests.conftest import WORKSPACE
from tests.support import trainings

pytestmark = pytest.mark.tensorflow
AUGMENT = [augmentation("AlternatingFlip"), augmentation({"Affine": {"rotate": [-40, 40], "p": 0.8}})]


def batches(folder: Path, augment=AUGMENT, shard: Shard = WHOLE, shape: tuple[int, ...] = (12, 10, 3)) -> Batches:
    """50 images of noise; the first of class 0 is the fifth."""
    images = np.random.default_rng(0).integers(0, 256, (50, *shape), np.uint8)
    shards.write(folder, iter(images), np.arange(1, 51) % 5)
    return Batches(Shards(folder), 16, 0, augment, np.ones(5, np.float32), shard)


def decoded(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_the_tiles_are_the_images_that_training_sees(workers: int, tmp_path: Path) -> None:
    augmented, plain = batches(tmp_path), batches(tmp_path, [])
    image = plain.split.images(np.array([4]))[0]
    shown = []
    for batch, originals in zip(stream(augmented, 16, workers), stream(plain, 16, 0), strict=True):
        shown += [row for row, original in zip(batch[0], originals[0], strict=True) if np.array_equal(original, image)]
    assert np.array_equal(np.stack(shown), np.stack(augmentation_preview.epochs_of(augmented, 4)))
    assert len(np.unique(np.stack(shown), axis=0)) > 10


@pytest.mark.parametrize("shard", [Shard(0, 2, 2), Shard(1, 2, 4), Shard(0, 1, 4)])
def test_every_process_would_draw_the_same(shard: Shard, tmp_path: Path) -> None:
    part = batches(tmp_path, shard=shard)
    assert augmentation_preview.png(part) == augmentation_preview.png(batches(tmp_path))
    assert part.shard == shard


def test_without_augmentation_sixteen_times_the_first_image_of_the_first_class(tmp_path: Path) -> None:
    pixels = decoded(augmentation_preview.png(batches(tmp_path, [])))
    image = Shards(tmp_path).images(np.array([4]))[0]
    height, width = 12 * 6 + 2, 10 * 6 + 2  # six times as large, and a gap
    assert pixels.shape == (4 * height - 2, 4 * width - 2, 4)
    for index in range(16):
        top, left = index // 4 * height, index % 4 * width
        tile = pixels[top : top + height - 2, left : left + width - 2]
        assert np.array_equal(tile[::6, ::6, 2::-1], image) and np.array_equal(tile[5::6, 5::6, 2::-1], image)
        assert (tile[..., 3] == 255).all()
    assert not pixels[height - 2 : height, :, 3].any() and not pixels[:, width - 2 : width, 3].any()


@pytest.mark.parametrize(
    ("shape", "tile"),
    [((300, 400, 3), (120, 160)), ((64, 30, 1), (64, 30)), ((100, 160, 3), (100, 160)), ((33, 8, 1), (66, 16))],
)
def test_large_images_make_no_larger_preview(shape: tuple[int, ...], tile: tuple[int, int], tmp_path: Path) -> None:
    pixels = decoded(augmentation_preview.png(batches(tmp_path, [], shape=shape)))
    assert pixels.shape == (4 * tile[0] + 6, 4 * tile[1] + 6, 4)


def test_the_stage_writes_it_with_the_whole_chain(project: Path) -> None:
    trainings.prepare()  # Albumentations, then MixUp
    train.main(["tiny"])
    settings = config.load(WORKSPACE)
    ready = setup.prepare(settings.model("tiny"), settings.image.policy, settings.seed, WORKSPACE)
    assert WORKSPACE.augmented("tiny").read_bytes() == augmentation_preview.png(ready.batches)
    assert len(np.unique(np.stack(augmentation_preview.epochs_of(ready.batches, 0)), axis=0)) > 8
