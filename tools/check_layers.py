#!/usr/bin/env python3
"""Holds the #include lines of src against the dependency law of ARCHITECTURE.md.

  check_layers.py src
  src/passes/fold.cc:3: 'passes' may not include "engines/engine.h": it stands to the right

A folder includes only folders of earlier rows; folders of one row never include each other. Some headers of other
libraries are kept to one folder too, so that a change of library touches one place.
"""
import pathlib
import re
import sys

ROWS = [["support"], ["ir"], ["formats", "passes", "data"], ["engines", "quant"], ["targets"], ["measure"],
        ["cost", "fit"], ["place"], ["runtime"], ["report"], ["cli"]]
RANK = {folder: rank for rank, row in enumerate(ROWS) for folder in row}

# Prefix of a foreign header -> the folders that may see it.
KEPT = {
    "onnx/": {"formats"},
    "google/protobuf/": {"formats"},
    "onnxruntime": {"engines", "targets"},
    "openvino/": {"engines", "targets"},
    "opencv2/": {"data"},
    "CLI/": {"cli"},
    "grpcpp/": {"runtime"},
    "sqlite3": {"runtime"},
    "curl/": {"runtime"},
    "prometheus/": {"runtime"},
    "boost/graph": {"place"},
    "zlib.h": {"place"},
}


def violations(root: pathlib.Path):
    for path in sorted(root.rglob("*")):
        if path.suffix not in (".h", ".cc", ".def"):
            continue
        folder = path.relative_to(root).parts[0]
        if folder not in RANK:
            yield f"{path}: folder '{folder}' has no place in the dependency law (tools/check_layers.py)"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
            if not match:
                continue
            header = match.group(1)
            other = header.split("/")[0]
            if other in RANK and line.count('"') == 2 and other != folder and RANK[other] >= RANK[folder]:
                side = "in the same row" if RANK[other] == RANK[folder] else "to the right"
                yield f"{path}:{number}: '{folder}' may not include \"{header}\": it stands {side}"
            for prefix, allowed in KEPT.items():
                if header.startswith(prefix) and folder not in allowed:
                    yield f"{path}:{number}: '{folder}' may not include {header}: kept to {', '.join(sorted(allowed))}"


def main() -> int:
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) if found else "dependency law: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
