"""Stage: trains one network of params.yaml with Keras.

Reads   params.yaml (seed, image, training, models.MODEL), data/prepared (train, validation, classes), dvc.yaml and what it
        declares, for the checkpoint.
Writes  models/MODEL/model.keras (canonical bytes; averages over the mirror image if `flip_averaging` is true),
        models/MODEL/trace.csv (one row per epoch and tensor with its digest, for `darkroom diverge`),
        reports/history/MODEL.csv (one row per epoch, measured without averaging), reports/layers/MODEL.csv (one row per layer),
        reports/augmented/MODEL.png (one image, as augmented in each of sixteen epochs).
Run     dvc repro train@MODEL, or python -m pipeline.train MODEL

Every choice, such as early stopping, is made on the validation split. The same seed gives the same bytes, even if training is
killed and resumed: the next run resumes from the checkpoint models/MODEL/checkpoint.npz if data, parameters, code and device
are the same. A training that fails or is interrupted leaves its best weights so far in models/MODEL/best.keras. On JAX it uses
all devices, and spans several processes if the options below, JAX's environment variables or a cluster manager say so; only
the first process writes.
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
    options.add_argument("--coordinator", metavar="HOST:PORT", help="the address at which the first process waits")
    options.add_argument("--processes", metavar="N", type=command.positive, help="the number of processes")
    options.add_argument("--process", metavar="I", type=int, help="the number of this process, from 0")
    return options


if __name__ == "__main__":
    command.run(main)
