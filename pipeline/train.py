"""Stage: trains one network of params.yaml with Keras.

Reads   params.yaml (seed, image, training, models.MODEL), data/prepared (train, validation, classes), dvc.yaml and what it
        declares, for the checkpoint.
Writes  models/MODEL/model.keras (canonical bytes; averages over the mirror image if `flip_averaging` is true),
        models/MODEL/trace.csv (one row per epoch and tensor with its digest, for `darkroom diverge`),
        reports/history/MODEL.csv (one row per epoch, measured without averaging), reports/layers/MODEL.csv (one row per layer),
        reports/augmented/MODEL.png (one image, as augmented in each of sixteen epochs).
Run     dvc repro train@MODEL, or python -m pipeline.train MODEL

Every choice (early stopping) is made on the validation split. The same seed gives the same bytes, even if training is killed
and resumed. Its checkpoint is models/MODEL/state.npz, from which the next run resumes if data, parameters, code and device are
the same. A training that fails or is interrupted leaves its best weights so far in models/MODEL/best.keras. On JAX it uses all
devices. It also runs in several processes if the options below, JAX's variables or a cluster manager say so to each; only the
first one writes.
"""

import argparse
from collections.abc import Sequence

from darkroom import config
from darkroom.core import command, stage
from darkroom.launch import backend
from darkroom.launch.distributed import cluster
from darkroom.launch.distributed.cluster import Cluster


def main(argv: Sequence[str] | None = None) -> None:
    """Builds, compiles, fits and saves one model."""
    workspace, arguments = stage.start("train", parser(), argv)
    settings = config.load(workspace)
    settings.model(arguments.model)
    training = settings.training
    options = Cluster(arguments.coordinator, arguments.processes, arguments.process)
    processes = cluster.detect(options, training.backend)
    backend.configure(training.backend, training.deterministic)
    with backend.quiet_import():
        from darkroom.training.train import train
    train(arguments.model, settings, workspace, processes)


def parser() -> argparse.ArgumentParser:
    """The options of every stage, and those for training in several processes."""
    options = stage.parser(__doc__, model=True)
    options.add_argument("--coordinator", metavar="HOST:PORT", help="where the first of several processes waits for the others")
    options.add_argument("--processes", metavar="N", type=command.positive, help="how many there are")
    options.add_argument("--process", metavar="I", type=int, help="which one this is, from 0")
    return options


if __name__ == "__main__":
    command.run(main)
