"""Stage 3: trains one network of params.yaml with Keras.

Reads   params.yaml (seed, image, training, models.MODEL), data/prepared (train, validation), dvc.yaml and what it declares.
Writes  models/MODEL/model.keras (canonical bytes; averages over the mirror image where `flip_averaging` says so),
        models/MODEL/trace.csv (a row an epoch and tensor: its digest, for `python -m darkroom.commands.diverge`),
        reports/history/MODEL.csv (a row an epoch, measured without averaging), reports/layers/MODEL.csv (a row a layer),
        reports/augmented/MODEL.png (one image as sixteen epochs show it).
Run     dvc repro train@MODEL, or python -m pipeline.train MODEL

Every choice (early stopping) is made on the validation split. The same seed gives the same bytes, also to a training that was
killed: its state lies in models/MODEL/state.npz, and the next run of the same data, parameters, code and device goes on from
there. A training that breaks off by itself leaves its best state so far in models/MODEL/best.keras. On JAX it uses all devices;
of several processes, too, where each is told so by the options below, by JAX's variables or by a cluster. The first one writes.
"""

import json
from typing import TYPE_CHECKING

import numpy as np

from darkroom import config
from darkroom.config.schema import Training
from darkroom.core import artifacts, command, paths
from darkroom.core.errors import DarkroomError
from darkroom.data.shards import Shards
from darkroom.launch import backend, checkpoint_file
from darkroom.launch.checkpoint_file import Plain
from darkroom.launch.distributed import cluster, devices
from darkroom.launch.distributed.cluster import Cluster
from darkroom.launch.distributed.shard import Share
from darkroom.training import augmentation_preview, fit, keras_file, model_summary, network, setup

TRIED = 32  # images, for which layers are tried

if TYPE_CHECKING:
    from darkroom.training.fit import Watch
    from darkroom.training.setup import Task


def main() -> None:
    """Builds, compiles, fits and saves one model."""
    name, asked = arguments()
    settings, belongs = config.load(), checkpoint_file.belonging(name)
    chosen, training = settings.model(name), settings.training
    train, validation = Shards(paths.prepared("train")), Shards(paths.prepared("validation"))
    with devices.together(cluster.found(asked, training.backend), training.backend):
        device = backend.start(settings.seed, training.backend, training.precision, training.deterministic)
        share = devices.spread(training.backend)
        print(f"{name}: {len(train)} images, {chosen.fit.epochs} epochs on {device}{share}, {training.precision}", flush=True)
        given = setup.prepare(chosen, settings.image.policy, settings.seed, train, config.place("models", name), share)
        rows = model_summary.table(given.model)
        print(model_summary.text(rows), *warnings(given, train, training.deterministic), sep="\n", flush=True)
        seen = trained(name, given, validation, training, checkpoint_file.on(belongs, f"{device}{share}"))
        if share.is_first:
            artifacts.write_csv(paths.layers(name), rows)
            artifacts.write_csv(paths.history(name), seen.curves.table())
            artifacts.write_csv(paths.trace(name), seen.trace.table())
            artifacts.write_bytes(paths.augmented(name), augmentation_preview.png(given.batches))
            keras_file.save(network.flip_averaged(given.model) if chosen.flip_averaging else given.model, paths.keras(name))
            for left in (paths.best(name), paths.state(name)):
                left.unlink(missing_ok=True)


def arguments() -> tuple[str, Cluster]:
    """The model, and what the options say of the processes that train it together."""
    parser = command.parser(__doc__)
    parser.add_argument("model", metavar="MODEL", help="a name under models: in params.yaml")
    parser.add_argument("--coordinator", metavar="HOST:PORT", help="where the first of several processes waits for the others")
    parser.add_argument("--processes", metavar="N", type=command.positive, help="how many there are")
    parser.add_argument("--process", metavar="I", type=int, help="which one this is, from 0")
    given = parser.parse_args()
    return given.model, Cluster(given.coordinator, given.processes, given.process)


def warnings(given: "Task", train: Shards, deterministic: bool) -> list[str]:
    """A line for each layer, or the option, that may give other bytes in another run."""
    from darkroom.training import determinism_check

    if not deterministic:
        return ["training.deterministic: false: another run may give other bytes; true makes them the same"]
    count = min(TRIED, given.fit.batch_size, len(train))
    return list(determinism_check.examine(given.model, train.images(np.arange(count))))


def trained(name: str, given: "Task", validation: Shards, training: Training, here: Plain) -> "Watch":
    """Fits from the beginning or from the state of a killed run; what breaks off tells where its best state is."""
    from darkroom.training.callbacks.checkpoint import Checkpoint

    path, share = paths.state(name), given.batches.share
    belongs: Plain = json.loads(devices.from_first(json.dumps(here).encode(), share))
    checkpoint_file.check_alike(belongs, here)
    content = devices.from_first(path.read_bytes() if share.is_first and path.exists() else b"", share)
    begin = checkpoint_file.found(content, path, belongs, name)
    keeper = Checkpoint(path, belongs, training.checkpoint_steps, begin, share.is_first)
    seen = fit.watch()
    try:
        fit.fit(given, validation, training.workers, seen, keeper)
    except (DarkroomError, KeyboardInterrupt) as stopped:
        goes_on = keeper.goes_on() if isinstance(stopped, KeyboardInterrupt) else ""
        raise type(stopped)("; ".join(filter(None, [str(stopped), kept(name, seen, share), goes_on]))) from None
    return seen


def kept(name: str, seen: "Watch", share: Share) -> str:
    """Writes the best state so far and says so. Of several processes none can take it up without the others."""
    return seen.best.save(paths.best(name)) if share.processes == 1 else ""


if __name__ == "__main__":
    command.run(main)
