#!/usr/bin/env bash
# Five minutes of the agent over a recorded drive: ten frames a second of spoken words, a 100 ms deadline, three kills.
#   bench/agent.sh [SECONDS] [further options of bench/agent.py]
# Needs root, the shared data, and `make servers`.
set -euo pipefail
cd "$(dirname "$0")/.."
data=../shared/data
seconds=${1:-300}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ninja -C build shoehorn agent_plan >/dev/null
build/bench/agent_plan $data/models/mlperf_kws01_dscnn.onnx "$folder/plan" 100 0.98
# The features of 400 words as the model wants them: float, (value - 83) * 0.5847.
python3 - "$data/labelled/mlperf_kws01" "$folder/frames" <<'PYTHON'
import array, pathlib, sys
source, target = map(pathlib.Path, sys.argv[1:])
target.mkdir()
for path in sorted(source.glob("*.bin"))[:400]:
    values = array.array("b", path.read_bytes())
    (target / path.name).write_bytes(array.array("f", [(v - 83) * 0.5847089029 for v in values]).tobytes())
PYTHON
python3 bench/agent.py --plan "$folder/plan/plan.json" --frames "$folder/frames" \
  --trace $data/links/att-lte-driving.csv --seconds "$seconds" "${@:2}"
