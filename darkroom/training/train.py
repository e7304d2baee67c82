"""One training from params.yaml to its files: set up, checked, fitted from the first batch or from a checkpoint, saved."""

import json
from dataclasses import asdict

import numpy as np

from darkroom.config import Params
from darkroom.core import artifacts
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.launch import checkpoint_file
from darkroom.launch.distributed.cluster import Cluster
from darkroom.training import (
    augmentation_preview,
    backend,
    determinism_check,
    keras_file,
    model_summary,
    network,
    runtime,
)
from darkroom.training import fit as fitting
from darkroom.training import setup as preparation
from darkroom.training.callbacks.checkpoint import Checkpoint
from darkroom.training.fit import Records
from darkroom.training.setup import Setup

CHECKED = 32  # images, on which layers are checked for determinism


def train(name: str, settings: Params, workspace: Workspace, cluster: Cluster | None) -> None:
    """Trains the model of that name and writes what dvc.yaml declares of it; of several processes the first one writes."""
    model, options = settings.model(name), settings.training
    belongs = checkpoint_file.belonging(name, workspace)
    with backend.together(cluster):
        device = runtime.start(settings.seed, options.precision, options.deterministic)
        shard = backend.distribute()
        where = f"{device}{shard}"
        images = len(Shards(workspace.split("train")))
        print(f"{name}: {images} images, {model.fit.epochs} epochs on {where}, {options.precision}", flush=True)
        place = settings.place("models", name)
        setup = preparation.prepare(model, settings.image.policy, settings.seed, workspace, place, shard)
        summary = model_summary.table(setup.model)
        print(model_summary.text(summary), *warnings(setup, options.deterministic), sep="\n", flush=True)
        checkpoint = open_checkpoint(
            name, workspace, checkpoint_file.on_device(belongs, where), setup, options.checkpoint_steps
        )
        records = fitted(name, setup, workspace, options.workers, checkpoint)
        if shard.is_first:
            artifacts.write_csv(workspace.layers(name), summary)
            write(name, setup, records, workspace, model.flip_averaging)


def warnings(setup: Setup, deterministic: bool) -> list[str]:
    """A line for each layer, or the option, that may give other bytes in another run."""
    if not deterministic:
        return ["training.deterministic: false: another run may give other bytes; true makes them the same"]
    split = setup.batches.split
    count = min(CHECKED, setup.fit.batch_size, len(split))
    return list(determinism_check.examine(setup.model, split.images(np.arange(count))))


def open_checkpoint(name: str, workspace: Workspace, here: Dependencies, setup: Setup, steps: int | None) -> Checkpoint:
    """The callback that keeps the state of this training, with the state of a killed run if there is one that belongs to it.

    Raises DarkroomError in a process that has other data, parameters or code than the first one.
    """
    path, shard = workspace.checkpoint(name), setup.batches.shard
    belongs = Dependencies(**json.loads(backend.from_first(json.dumps(asdict(here)).encode(), shard)))
    checkpoint_file.check_alike(belongs, here)
    content = backend.from_first(path.read_bytes() if shard.is_first and path.exists() else b"", shard)
    begin = checkpoint_file.usable(content, path, belongs, name)
    return Checkpoint(path, belongs, steps, begin, shard.is_first)


def fitted(name: str, setup: Setup, workspace: Workspace, workers: int, checkpoint: Checkpoint) -> Records:
    """The records of the whole training. One that breaks off says where its best weights are, and what the next run does."""
    records = fitting.Records()
    try:
        fitting.fit(setup, Shards(workspace.split("validation")), workers, records, checkpoint)
    except (DarkroomError, KeyboardInterrupt) as stop:
        # of several processes none can assign weights without the others
        best = records.best.save(workspace.best(name)) if setup.batches.shard.processes == 1 else ""
        outlook = checkpoint.outlook() if isinstance(stop, KeyboardInterrupt) else ""
        raise type(stop)("; ".join(filter(None, [str(stop), best, outlook]))) from None
    return records


def write(name: str, setup: Setup, records: Records, workspace: Workspace, flip_averaging: bool) -> None:
    """Writes curves, weight trace, augmentation preview and network; removes what only a killed run needs."""
    artifacts.write_csv(workspace.history(name), records.curves.table())
    artifacts.write_csv(workspace.weight_trace(name), records.weight_trace.table())
    artifacts.write_bytes(workspace.augmented(name), augmentation_preview.png(setup.batches))
    keras_file.save(network.flip_averaged(setup.model) if flip_averaging else setup.model, workspace.keras(name))
    for path in (workspace.best(name), workspace.checkpoint(name)):
        path.unlink(missing_ok=True)
