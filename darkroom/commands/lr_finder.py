"""A learning-rate range test: which rates make a model of params.yaml learn, and which make it diverge.

Reads   params.yaml (seed, image, training, models.MODEL), data/prepared (train).
Writes  reports/lr_range/MODEL.csv and MODEL.svg, for the eye; no stage reads them.
Run     python -m darkroom.commands.lr_finder MODEL [--lowest 1e-5] [--highest 1] [--steps 200]

The rate rises by a constant factor from step to step, without the model's own schedule, until the loss diverges. Choose a
peak below the bottom of the curve, where it still falls; the rate of the steepest fall is printed.
"""

from typing import TYPE_CHECKING

from darkroom import config
from darkroom.core import artifacts, command, paths
from darkroom.core.errors import DarkroomError
from darkroom.data.shards import Shards
from darkroom.launch import backend
from darkroom.reporting import figures
from darkroom.training import fit, setup

if TYPE_CHECKING:
    import pandas as pd


def main() -> None:
    """Runs the test and draws its picture."""
    arguments = command.parser(__doc__)
    arguments.add_argument("model", metavar="MODEL", help="a name under models: in params.yaml")
    arguments.add_argument("--lowest", type=float, default=1e-5, help="the first rate")
    arguments.add_argument("--highest", type=float, default=1.0, help="the last rate, if the loss has not diverged before")
    arguments.add_argument("--steps", type=command.positive, default=200, help="batches at most")
    chosen = arguments.parse_args()
    if not 0 < chosen.lowest < chosen.highest:
        arguments.error(f"--lowest {chosen.lowest:g} must be above 0 and below --highest {chosen.highest:g}")
    table, best = tested(chosen.model, chosen.lowest, chosen.highest, chosen.steps)
    text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    artifacts.write_bytes(paths.lr_range(chosen.model, "csv"), text.encode())
    picture = paths.lr_range(chosen.model, "svg")
    artifacts.write_bytes(picture, figures.rates(table, best).encode())
    lowest = table["learning_rate"].iloc[int(table["loss"].to_numpy().argmin())]
    print(f"the loss falls fastest at {best:.2g} and is lowest at {lowest:.2g}: see {picture}")


def tested(name: str, lowest: float, highest: float, steps: int) -> tuple["pd.DataFrame", float]:
    """The curve (columns learning_rate, loss) and the rate of its steepest fall."""
    settings = config.load()
    model = settings.model(name)
    training = settings.training
    device = backend.start(settings.seed, training.backend, training.precision, training.deterministic)
    print(f"{name}: at most {steps} steps on {device}", flush=True)
    from darkroom.training import lr_finder

    where, train = config.place("models", name), Shards(paths.prepared("train"))
    constant = model.model_copy(update={"fit": lr_finder.without_schedule(model.fit)})
    rising = lr_finder.Rising(lowest, highest, steps)
    fit.probe(setup.prepare(constant, settings.image.policy, settings.seed, train, where), steps, rising)
    table = lr_finder.curve(rising.rows)
    if table.empty:
        raise DarkroomError(f"{where.at('fit')}: the loss is no number even at a learning rate of {lowest:g}")
    return table, lr_finder.steepest(table)


if __name__ == "__main__":
    command.run(main, goes_on="nothing was written")
