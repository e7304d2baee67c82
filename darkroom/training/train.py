"""Trains one model of params.yaml: setup, checks, `fit` from the first batch or from a checkpoint, output files."""

import json
from dataclasses import asdict

import numpy as np

from darkroom.config import Params
from darkroom.core import artifacts, csv_files
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.launch import checkpoint_file, training_identity
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
from darkroom.training.callbacks.checkpoint import Checkpoint
from darkroom.training.fit import Records, fit
from darkroom.training.setup import Setup, prepare

CHECKED = 32  # the number of images for the determinism check


def train(name: str, settings: Params, workspace: Workspace, cluster: Cluster | None) -> None:
    """Trains the model `name` and writes the outputs that dvc.yaml declares; only the first of several processes writes."""
    model, options = settings.model(name), settings.training
    identity = training_identity.of(name, settings.values, workspace)
    with backend.connected(cluster):
        device = runtime.start(settings.seed, options.precision, options.deterministic)
        shard = backend.distribute()
        machine = f"{device}{shard}"
        setup = prepare(model, settings.image.policy, settings.seed, workspace, shard)
        images = len(setup.batches.split)
        print(f"{name}: {images} images, {model.fit.epochs} epochs on {machine}, {options.precision}", flush=True)
        summary = model_summary.table(setup.model)
        print(model_summary.text(summary), *determinism_warnings(setup, options.deterministic), sep="\n", flush=True)
        identity = training_identity.on_device(identity, machine)
        checkpoint = open_checkpoint(name, workspace, identity, setup, options.checkpoint_steps)
        records = run_fit(name, setup, workspace, options.workers, checkpoint)
        if shard.is_first:
            csv_files.write(workspace.layers(name), summary)
            write_outputs(name, setup, records, workspace, model.flip_averaging)


def determinism_warnings(setup: Setup, deterministic: bool) -> list[str]:
    """A line for each layer or option that may make another run produce different bytes."""
    if not deterministic:
        return ["training.deterministic: false: another run may produce different bytes; true makes them identical"]
    split = setup.batches.split
    count = min(CHECKED, setup.fit.batch_size, len(split))
    return list(determinism_check.examine(setup.model, split.images(np.arange(count))))


def open_checkpoint(name: str, workspace: Workspace, own: Dependencies, setup: Setup, steps: int | None) -> Checkpoint:
    """The callback that saves the state of this training; it resumes from the checkpoint of a killed run that belongs to it.

    `own` is the identity of the training in this process. Raises DarkroomError if it differs from the first process's.
    """
    path, shard = workspace.checkpoint(name), setup.batches.shard
    identity = Dependencies(**json.loads(backend.from_first(json.dumps(asdict(own)).encode(), shard)))
    training_identity.check_alike(identity, own)
    content = backend.from_first(path.read_bytes() if shard.is_first and path.exists() else b"", shard)
    begin = checkpoint_file.usable(content, path, identity, name)
    return Checkpoint(path, identity, steps, begin, shard.is_first)


def run_fit(name: str, setup: Setup, workspace: Workspace, workers: int, checkpoint: Checkpoint) -> Records:
    """Runs `fit`; returns its records. An error or an interrupt says where the best weights are and what the next run does."""
    records = Records()
    try:
        fit(setup, Shards(workspace.split("validation")), workers, records, checkpoint)
    except (DarkroomError, KeyboardInterrupt) as stop:
        # with several processes, assigning weights needs all of them
        best = records.best.save(workspace.best(name)) if setup.batches.shard.processes == 1 else ""
        note = checkpoint.interrupt_note() if isinstance(stop, KeyboardInterrupt) else ""
        raise type(stop)("; ".join(filter(None, [str(stop), best, note]))) from None
    return records


def write_outputs(name: str, setup: Setup, records: Records, workspace: Workspace, flip_averaging: bool) -> None:
    """Writes curves, weight trace, augmentation preview and network; removes the checkpoint and the best weights."""
    csv_files.write(workspace.history(name), records.curves.table())
    csv_files.write(workspace.weight_trace(name), records.weight_trace.table())
    artifacts.write_bytes(workspace.augmented(name), augmentation_preview.png(setup.batches))
    keras_file.save(network.flip_averaged(setup.model) if flip_averaging else setup.model, workspace.keras(name))
    for path in (workspace.best(name), workspace.checkpoint(name)):
        path.unlink(missing_ok=True)
