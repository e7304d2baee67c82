"""From the files of a data set to labelled pixels, one module a format."""

from pathlib import Path

from pipeline.data.readers import arrays, idx
from pipeline.data.readers.labelled import Labelled
from pipeline.errors import Refusal

__all__ = ["Labelled", "read"]

FORMATS = {"idx": idx.read, "npz": arrays.read_npz, "npy": arrays.read_npy}


def read(file_format: str, folder: Path, classes: int) -> dict[str, Labelled]:
    """The images and labels of each split that the data set came with: `train`, and `test` where there is one.

    Raises Refusal, which names the file, for content that is not of the format or labels outside 0..classes-1.
    """
    given = FORMATS[file_format](folder)
    for split, labelled in given.items():
        labels = labelled.labels
        if len(labels) != len(labelled.images):
            raise Refusal(f"{folder}: {split}: {len(labelled.images)} images but {len(labels)} labels")
        if labels.min() < 0 or labels.max() >= classes:
            raise Refusal(f"{folder}: {split}: labels {labels.min()}..{labels.max()}, but the recipe names {classes} classes")
    return given
