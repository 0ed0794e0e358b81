#!/usr/bin/env python3
"""How far the measured cost model is off on whole models, none of which had a part in its fitting.

  build/bin/shoehorn profile -o this.toml && bench/cost_error.py build/bin/shoehorn this.toml
  | model | engine | precision | predicted ms | measured ms | error | median ms | guessed | far |

Each model is pinned to one shape, simplified, for int8 quantized to the engine's liking (ranges from random numbers), then
predicted and measured from the same file, one thread unless the profile says otherwise. Others on the same processor may
make any run take twice as long, so a measured time, as one of the profile, is that of the fastest twentieth of runs, and of
the fastest of three rounds over all models; a last line holds the predictions against the lowest of the rounds' medians.
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared/data/models"
FETCHED = ROOT / ".deps/models"
SHAPES = {
    "yunet_n_dynamic.onnx": ["input=1,3,320,320"],
    "ch_PP-OCRv4_det_infer.onnx": ["x=1,3,320,320"],
    "ch_PP-OCRv4_rec_infer.onnx": ["x=1,3,48,192"],
    "ch_ppocr_mobile_v2.0_cls_infer.onnx": ["x=1,3,48,192"],
    "magika_standard_v3_3.onnx": ["bytes=1,2048"],
    "silero_vad_16k_op15.onnx": ["input=1,576", "state=2,1,128"],
    "silero_vad_half.onnx": ["input=1,576", "state=2,1,128"],
    "silero_vad_op18_ifless.onnx": ["input=1,576", "state=2,1,128"],
}


def rows_of(program: str, profile: str, model: pathlib.Path):
    command = [program, "cost", str(model), "--profile", profile, "--measure", "--json"]
    for shape in SHAPES.get(model.name, []):
        command += ["--shape", shape]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return [{"refused": (done.stderr.strip().splitlines() or ["no answer"])[0]}]
    return json.loads(done.stdout)["rows"]


def summary(name: str, errors: list[float]) -> str:
    within = lambda bound: sum(abs(error) <= bound for error in errors)
    if not errors:
        return f"{name}: nothing measured"
    return (f"{name}: {within(0.10)} of {len(errors)} within 10 % ({within(0.10) / len(errors):.0%}; the bar is 80 %), "
            f"{within(0.25)} within 25 % ({within(0.25) / len(errors):.0%}; the bar is all), "
            f"worst {max(errors, key=abs):+.0%}")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("profile")
    parser.add_argument("--shared-only", action="store_true", help="leave out the models that the set-up fetches")
    parser.add_argument("--rounds", type=int, default=3, help="how often each model is measured, minutes apart")
    parser.add_argument("--models", nargs="*", type=pathlib.Path, default=None)
    arguments = parser.parse_args()
    shared, fetched = sorted(SHARED.glob("*.onnx")), sorted(FETCHED.glob("*.onnx"))
    models = arguments.models or shared + ([] if arguments.shared_only else fetched)
    # Round after round over all models: whoever disturbs one measurement may rest at the next, and the fastest counts.
    found: dict[pathlib.Path, list[dict]] = {}
    for _ in range(arguments.rounds):
        for model in models:
            rows = rows_of(arguments.program, arguments.profile, model)
            for row, before in zip(rows, found.get(model, [])):
                for key in ("measured_ms", "measured_median_ms"):
                    if key in row and key in before:
                        row[key] = min(row[key], before[key])
            found[model] = rows
    errors: dict[str, list[float]] = {}
    print("| model | engine | precision | predicted ms | measured ms | error | median ms | guessed | far |")
    print("|---|---|---|---|---|---|---|---|---|")
    for model in models:
        for row in found[model]:
            if "measured_ms" not in row:
                print(f"| {model.name} | {row.get('engine', '')} | {row.get('precision', '')} | | | {row.get('refused', '')} | | | |")
                continue
            error = row["predicted_ms"] / row["measured_ms"] - 1
            name = "shared data" if model.parent == SHARED else "others"
            errors.setdefault(name, []).append(error)
            errors.setdefault(name + ", against the lowest medians", []).append(row["predicted_ms"] / row["measured_median_ms"] - 1)
            print(f"| {model.name} | {row['engine']} | {row['precision']} | {row['predicted_ms']:.3f} | "
                  f"{row['measured_ms']:.3f} | {error:+.1%} | {row['measured_median_ms']:.3f} | {row['share_of_unmeasured_kinds']:.0%} | "
                  f"{row['share_far_from_measured']:.0%} |", flush=True)
    for name, each in errors.items():
        print(summary(name, each))
    return 0


if __name__ == "__main__":
    sys.exit(main())
