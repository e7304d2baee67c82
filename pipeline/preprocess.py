"""Stage: decodes all images to one size and colour format, splits the data set, and writes arrays that can be memory-mapped.

Reads   params.yaml (seed, dataset, image, preprocess), the data set: the catalog entry and data/raw, or the user's own files,
        which are compared with data/raw/manifest.csv and never changed.
Writes  data/prepared/: SPLIT/images-*.npy, SPLIT/labels.npy, index.csv, classes.json, previews.json; reports/data/:
        summary.json, ledger.csv (every file that was converted, refused or dropped), duplicates.csv.
Run     dvc repro preprocess, or python -m pipeline.preprocess
"""

from collections.abc import Sequence

from darkroom import config
from darkroom.core import artifacts, command, csv_files, stage
from darkroom.core.errors import printable
from darkroom.data import duplicate_policy, index, ledger, preparation, prepared_files, summary
from darkroom.data.sources import dataset


def main(argv: Sequence[str] | None = None) -> None:
    """Writes the three splits, their index, and the ledger of the files that were converted, refused or dropped."""
    workspace, _ = stage.start("preprocess", stage.parser(__doc__), argv)
    settings = config.load(workspace)
    plan = preparation.plan(settings)
    with artifacts.replaced(workspace.prepared) as (folder, scratch), dataset.opened(settings.dataset, workspace) as collection:
        print(printable(f"{settings.dataset}: {collection.layout}"), flush=True)
        staged = preparation.stage_images(collection, plan, settings, workspace, scratch / "staged")
        preparation.check(staged, collection, settings, workspace)
        partition = duplicate_policy.apply(staged, settings, workspace)
        indexed = index.rows(staged.table, staged.classes, partition.positions, partition.leaked)
        prepared_files.write(folder, collection, staged, partition, indexed, plan.policy, workspace)
        ledger.write(workspace.ledger, staged.rows)
        csv_files.write(workspace.duplicates, partition.duplicates)
        summary.write(collection, staged, partition, indexed, settings, workspace)


if __name__ == "__main__":
    command.run(main)
