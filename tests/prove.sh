#!/usr/bin/env bash
# Same bytes: two fresh clones of HEAD run every stage by force; both must end with HEAD's own dvc.lock and a clean tree.
# Their folder is kept when they differ, and named.
set -euo pipefail
root=$(git rev-parse --show-toplevel)
work=$(mktemp -d)
for clone in a b; do
    git clone --quiet "$root" "$work/$clone"
    echo "clone $clone: every stage"
    (cd "$work/$clone" && dvc repro --force)
done
for clone in a b; do
    cmp "$work/$clone/dvc.lock" "$root/dvc.lock" || { echo "clone $clone: another dvc.lock; see $work" >&2; exit 1; }
    changed=$(git -C "$work/$clone" status --porcelain)
    [ -z "$changed" ] || { echo "clone $clone: $changed; see $work" >&2; exit 1; }
done
rm -rf "$work"
echo "proved: two clones, every stage forced, the committed dvc.lock both times"
