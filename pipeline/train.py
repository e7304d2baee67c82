"""Stage 3: trains one network of params.yaml with Keras.

Reads   params.yaml (seed, image, training, models.MODEL), data/prepared (train, validation, classes), dvc.yaml and what it
        declares, for the checkpoint.
Writes  models/MODEL/model.keras (canonical bytes; averages over the mirror image where `flip_averaging` says so),
        models/MODEL/trace.csv (a row an epoch and tensor: its digest, for `darkroom diverge`),
        reports/history/MODEL.csv (a row an epoch, measured without averaging), reports/layers/MODEL.csv (a row a layer),
        reports/augmented/MODEL.png (one image as sixteen epochs show it).
Run     dvc repro train@MODEL, or python -m pipeline.train MODEL

Every choice (early stopping) is made on the validation split. The same seed gives the same bytes, also to a training that was
killed: its checkpoint is models/MODEL/state.npz, from which the next run of the same data, parameters, code and device resumes.
A training that breaks off by itself leaves its best weights so far in models/MODEL/best.keras. On JAX it uses all devices, and
several processes where each is told so by the options below, by JAX's variables or by a cluster manager. The first one writes.
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
    """The options of every stage, and those of one of several processes."""
    options = stage.parser(__doc__, model=True)
    options.add_argument("--coordinator", metavar="HOST:PORT", help="where the first of several processes waits for the others")
    options.add_argument("--processes", metavar="N", type=command.positive, help="how many there are")
    options.add_argument("--process", metavar="I", type=int, help="which one this is, from 0")
    return options


if __name__ == "__main__":
    command.run(main)
