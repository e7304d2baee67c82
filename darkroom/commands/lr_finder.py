"""Run a learning-rate range test: at which rates a model of params.yaml learns, and at which it diverges.

    darkroom lr-finder MODEL [--lowest 1e-5] [--highest 1] [--steps 200]

Reads params.yaml (seed, image, training, models.MODEL) and data/prepared (train); writes reports/lr_finder/MODEL.csv and
MODEL.svg, which no stage reads. The rate rises by a constant factor from step to step, without the model's own schedule, until
the loss diverges. Choose a peak rate below the minimum of the curve, where the loss still falls. The command prints the rate at
which it falls fastest.
"""

from collections.abc import Sequence

from darkroom import config
from darkroom.core import artifacts, command
from darkroom.core.workspace import Workspace
from darkroom.launch import backend
from darkroom.reporting import figures

INTERRUPT_NOTE = "nothing was written"


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the test and draws the curve."""
    parser = command.parser(__doc__, "darkroom lr-finder")
    parser.add_argument("model", metavar="MODEL", help="a name under models: in params.yaml")
    parser.add_argument("--lowest", type=float, default=1e-5, help="the first rate (1e-5)")
    parser.add_argument("--highest", type=float, default=1.0, help="the last rate, unless the loss diverges earlier (1)")
    parser.add_argument("--steps", type=command.positive, default=200, help="the largest number of batches (200)")
    arguments = parser.parse_args(argv)
    if not 0 < arguments.lowest < arguments.highest:
        parser.error(f"--lowest {arguments.lowest:g} must be above 0 and below --highest {arguments.highest:g}")
    workspace = Workspace.at()
    settings = config.load(workspace)
    settings.model(arguments.model)
    backend.configure(settings.training.backend, settings.training.deterministic)
    with backend.quiet_import():
        from darkroom.training import lr_finder
    curve, steepest = lr_finder.range_test(
        arguments.model, settings, workspace, (arguments.lowest, arguments.highest), arguments.steps
    )
    text = curve.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    artifacts.write_bytes(workspace.lr_finder(arguments.model, "csv"), text.encode())
    figure = workspace.lr_finder(arguments.model, "svg")
    artifacts.write_bytes(figure, figures.learning_rate_range(curve, steepest).encode())
    lowest = curve["learning_rate"].iloc[int(curve["loss"].to_numpy().argmin())]
    print(f"the loss falls fastest at {steepest:.2g} and is lowest at {lowest:.2g}: see {figure}")
