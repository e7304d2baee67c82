#!/usr/bin/env bash
# Same bytes: two fresh clones of HEAD run every stage by force; each must end with HEAD's own dvc.lock and a clean tree.
# The folder of one that does not is kept, and named.
set -euo pipefail
root=$(git rev-parse --show-toplevel)
work=$(mktemp -d)
for clone in a b; do
    git clone --quiet "$root" "$work/$clone"
    echo "clone $clone: every stage"
    (cd "$work/$clone" && dvc repro --force)
    git -C "$root" show HEAD:dvc.lock | cmp - "$work/$clone/dvc.lock" \
        || { echo "clone $clone: another dvc.lock; see $work" >&2; exit 1; }
    changed=$(git -C "$work/$clone" status --porcelain)
    [ -z "$changed" ] || { echo "clone $clone: $changed; see $work" >&2; exit 1; }
    echo "clone $clone: the committed dvc.lock, a clean tree"
done
rm -rf "$work"
echo "proved: two clones, every stage forced, the committed dvc.lock both times"
