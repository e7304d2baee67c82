"""Stage 3: trains one network of params.yaml with Keras.

Reads   params.yaml (seed, image, training, models.MODEL), data/prepared (train, validation).
Writes  models/MODEL/model.keras (canonical bytes; averages over the mirror image where `flip_averaging` says so),
        reports/history/MODEL.csv (a row an epoch, measured without averaging), reports/layers/MODEL.csv (a row a layer).
Run     dvc repro train@MODEL, or python -m pipeline.train MODEL

Every choice (early stopping) is made on the validation split. The same seed gives the same bytes. A training that breaks
off leaves its best state so far in models/MODEL/best.keras.
"""

from pipeline import artifacts, command, params, paths
from pipeline.data.shards import Shards
from pipeline.errors import Refusal
from pipeline.training import archive, fitting, layer_table, network, runtime, task


def main() -> None:
    """Builds, compiles, fits and saves one model."""
    name = command.model_argument(__doc__)
    settings = params.load()
    chosen, training = settings.model(name), settings.training
    train, validation = Shards(paths.prepared("train")), Shards(paths.prepared("validation"))
    device = runtime.start(settings.seed, training.backend, training.precision)
    print(f"{name}: {len(train)} images, {chosen.fit.epochs} epochs on {device}, {training.precision}", flush=True)
    where = params.place("models", name)
    given = task.prepare(chosen, settings.image.policy, settings.seed, train, where)
    rows = layer_table.table(given.model)
    print(layer_table.text(rows), flush=True)
    artifacts.write_csv(paths.layers(name), rows)
    best = fitting.best_so_far()
    try:
        curves = fitting.fit(given, validation, training.workers, best)
    except (Refusal, KeyboardInterrupt) as stopped:
        raise type(stopped)(f"{stopped}; {best.save(paths.best(name))}".removeprefix("; ")) from None
    except Exception:
        print(best.save(paths.best(name)), flush=True)
        raise
    artifacts.write_csv(paths.history(name), curves)
    archive.save(network.flip_averaged(given.model) if chosen.flip_averaging else given.model, paths.keras(name))
    paths.best(name).unlink(missing_ok=True)


if __name__ == "__main__":
    command.run(main)
