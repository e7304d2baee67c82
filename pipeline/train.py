"""Stage 3: trains one network of params.yaml with Keras.

Reads   params.yaml (seed, image, training, models.MODEL), data/prepared (train, validation).
Writes  models/MODEL/model.keras (canonical bytes; averages over the mirror image where `flip_averaging` says so),
        reports/history/MODEL.csv (a row an epoch, measured without averaging).
Run     dvc repro train@MODEL, or python -m pipeline.train MODEL

Every choice (early stopping) is made on the validation split. The same seed gives the same bytes.
"""

import json
from typing import TYPE_CHECKING

from pipeline import artifacts, command, params, paths
from pipeline.data.shards import Shards
from pipeline.params import Place
from pipeline.params.schema import Params
from pipeline.training import archive, batches, fitting, network, optimizers, runtime

if TYPE_CHECKING:
    import keras


def main() -> None:
    """Builds, compiles, fits and saves one model."""
    name = command.model_argument(__doc__)
    settings = params.load()
    chosen = settings.model(name)
    fit = chosen.fit
    train, validation = Shards(paths.prepared("train")), Shards(paths.prepared("validation"))
    print(f"{name}: {len(train)} images, {fit.epochs} epochs on {runtime.start(settings.seed)}", flush=True)
    augment = [call.plain() for call in chosen.augment]
    where = params.place("models", name)
    source = batches.Batches(train, fit.batch_size, settings.seed, augment, where.at("augment"))
    model = compiled(settings, name, where, source.per_epoch)
    model.summary(line_length=80)
    curves = fitting.fit(model, source, validation, fit, settings.training.workers, where.at("fit"))
    artifacts.write_csv(paths.history(name), curves)
    archive.save(network.flip_averaged(model) if chosen.flip_averaging else model, paths.keras(name))


def compiled(settings: Params, name: str, where: Place, steps_per_epoch: int) -> "keras.Model":
    """The network of params.yaml, ready for `fit`; a Refusal names the line under `where`, its model's place."""
    chosen = settings.model(name)
    classes = len(json.loads(paths.CLASSES.read_text())["classes"])
    model = network.build(chosen.layers, settings.image.policy, classes, where)
    optimizer = optimizers.build(chosen.fit.optimizer, steps_per_epoch, where.at("fit", "optimizer"))
    # Compiling with XLA slows convolutions on CPUs and rules out deterministic max-pooling gradients.
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


if __name__ == "__main__":
    command.run(main)
