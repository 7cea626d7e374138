#!/usr/bin/env bash
# What only a GPU can say, in under eight minutes and without a network, from a copy of the tree:
#
#     scripts/on_a_gpu.sh OUT [--wheels FOLDER] [--data FOLDER-WITH-MNIST] [--quick]
#
# OUT gets on_a_gpu.json, on_a_gpu.png and the output of each part. The exit status is 0 if every part passed.
# Packages come from FOLDER, or are installed already. Where there is a network, fill it by one of
#
#     pip download --dest FOLDER '.[gpu,test]' --extra-index-url https://download.pytorch.org/whl/cpu
#     pip download --dest FOLDER '.[gpu-cuda13,test]' --extra-index-url https://download.pytorch.org/whl/cpu
#
# for CUDA 12 or 13 (`minidl doctor` says which), on a machine with the same system and Python as the one with the GPU.
# Without --data the epoch is one of the bundled sample, 10,000 images. --quick: less of everything, to see that it works.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] && [ "${1#-}" = "$1" ] || { sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2; }
out=$1; shift
wheels=
rest=()
while [ $# -gt 0 ]; do
  case $1 in
    --wheels) [ $# -ge 2 ] || { echo "--wheels needs a folder" >&2; exit 2; }; wheels=$2; shift 2 ;;
    *) rest+=("$1"); shift ;;
  esac
done
mkdir -p "$out"
python=${PYTHON:-python3}
if [ -n "$wheels" ]; then
  "$python" -m venv "$out/venv"
  python=$out/venv/bin/python
  # All that was carried: pip has chosen it for this tree when it was downloaded.
  timeout 75 "$python" -m pip install --quiet --no-index --no-deps "$wheels"/*.whl
fi
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" "$root/scripts/on_a_gpu.py" "$out" "${rest[@]}"
