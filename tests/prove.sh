#!/usr/bin/env bash
# Same bytes: two fresh clones of HEAD run every stage by force; each must end with HEAD's own dvc.lock and a clean tree.
# In the second one the training of `cnn` is killed first, again and again: in its first epoch, in the middle of writing a
# checkpoint, in its last epoch. The folder of a clone that ends otherwise is kept, and named.
set -euo pipefail
root=$(git rev-parse --show-toplevel)
work=$(mktemp -d)

killed() {  # MOMENT: as tests/kill.py has it; 137 is what a shell makes of SIGKILL
    local code=0
    python -m tests.kill cnn "$1" || code=$?
    [ "$code" = 137 ] || { echo "killing at $1 gave exit code $code; see $work" >&2; exit 1; }
    echo "killed at $1"
}

for clone in a b; do
    git clone --quiet "$root" "$work/$clone"
    cd "$work/$clone"
    if [ "$clone" = b ]; then
        dvc repro --force preprocess
        for moment in 0.100 write.1 6.300; do killed "$moment"; done
    fi
    echo "clone $clone: every stage"
    dvc repro --force
    git -C "$root" show HEAD:dvc.lock | cmp - dvc.lock || { echo "clone $clone: another dvc.lock; see $work" >&2; exit 1; }
    changed=$(git status --porcelain)
    [ -z "$changed" ] || { echo "clone $clone: $changed; see $work" >&2; exit 1; }
    echo "clone $clone: the committed dvc.lock, a clean tree"
done
rm -rf "$work"
echo "proved: two clones, every stage forced, one of them killed three times: the committed dvc.lock both times"
