"""Simplification by Shoehorn, onnxsim and onnxslim on the same models, and how Shoehorn scales.

  compare.py [--rounds 3] [--models FOLDER ...] [--program build/bin/shoehorn]

Three tables in Markdown: for each model the nodes that are left (inner graphs included, Constant nodes not counted), the
time of the whole process and the largest difference of the numbers; graphs of 10,000 and 100,000 nodes; a model of 3 GB.
Tools take turns within a round, so that a busy machine is unfair to all of them alike; times are medians of the rounds.
Exit code 1: somewhere Shoehorn left more nodes than the better of the two, or changed a number by more than 1e-4.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnx
import onnxruntime

import synthetic

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ("onnxsim", "onnxslim")
# What the dynamic dimensions of a real model's inputs stand for, by name of the input; other dynamic ones are 1.
SHAPES = {
    "ch_PP-OCRv4_rec_infer": {"x": [1, 3, 48, 320]},
    "ch_PP-OCRv4_det_infer": {"x": [1, 3, 320, 320]},
    "ch_ppocr_mobile_v2.0_cls_infer": {"x": [1, 3, 48, 192]},
    "yunet_n_dynamic": {"input": [1, 3, 320, 320]},
    "silero_vad": {"input": [1, 576]},
    "silero_vad_16k_op15": {"input": [1, 576]},
    "silero_vad_half": {"input": [1, 576]},
    "silero_vad_op18_ifless": {"input": [1, 576]},
}


def count(graph) -> int:
    total = 0
    for node in graph.node:
        total += node.op_type != "Constant"
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                total += count(attribute.g)
    return total


def run(command):
    """Seconds of the whole process, and whether it succeeded."""
    start = time.perf_counter()
    done = subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, done.returncode == 0


def peak_memory(command) -> int:
    """Peak resident bytes. A child's peak starts at the memory of the process that forks it, so a small one forks."""
    fork = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); " \
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return 1024 * int(subprocess.check_output([sys.executable, "-S", "-c", fork, *(str(word) for word in command)]))


def command(tool, program, model, out):
    if tool == "shoehorn":
        return [program, "simplify", "--force", model, out]
    return [ROOT / ".deps/peers/bin" / tool, model, out]


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options)


def feeds(path, inputs):
    random = numpy.random.default_rng(7)
    out = {}
    for port in inputs:
        shape = SHAPES.get(path.stem, {}).get(port.name) or [d if isinstance(d, int) else 1 for d in port.shape]
        if port.type == "tensor(int64)":
            out[port.name] = numpy.full(shape, 16000, numpy.int64)  # a sample rate
        elif port.type == "tensor(int32)":
            out[port.name] = random.integers(0, 256, shape, numpy.int32)  # bytes of a file
        else:
            out[port.name] = random.normal(0, 1, shape).astype(numpy.float32)
    return out


def difference(path, simplified) -> float:
    """Largest difference of any output, relative to the output's largest number."""
    before, after = session(path), session(simplified)
    values = feeds(path, before.get_inputs())
    expected, found = before.run(None, values), after.run(None, values)
    worst = 0.0
    for a, b in zip(expected, found, strict=True):
        if a.shape != b.shape:
            return float("inf")
        scale = max(float(numpy.max(numpy.abs(a), initial=0)), 1e-2)  # 1e-4 of it is the absolute 1e-6
        worst = max(worst, float(numpy.max(numpy.abs(a.astype(float) - b.astype(float)), initial=0)) / scale)
    return worst


def compare_models(models, program, rounds, scratch) -> bool:
    print("| model | nodes | shoehorn | onnxsim | onnxslim | shoehorn s | onnxsim s | onnxslim s | times faster than the "
          "faster | difference |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    good = True
    for model in models:
        nodes, seconds = {}, {tool: [] for tool in ("shoehorn", *PEERS)}
        for _ in range(rounds):
            for tool in seconds:
                out = scratch / f"{tool}.onnx"
                out.unlink(missing_ok=True)
                elapsed, succeeded = run(command(tool, program, model, out))
                if succeeded and out.exists():
                    seconds[tool].append(elapsed)
                    nodes[tool] = count(onnx.load(out, load_external_data=False).graph)
        best = min((nodes[tool] for tool in PEERS if tool in nodes), default=None)
        median = {tool: statistics.median(times) for tool, times in seconds.items() if times}
        gap = difference(model, scratch / "shoehorn.onnx") if "shoehorn" in nodes else float("inf")
        ratio = min(median[tool] for tool in PEERS if tool in median) / median["shoehorn"] if "shoehorn" in median else 0
        held = "shoehorn" in nodes and (best is None or nodes["shoehorn"] <= best) and gap <= 1e-4
        good = good and held
        cells = [model.name, count(onnx.load(model).graph)]
        cells += [nodes.get(tool, "failed") for tool in seconds]
        cells += [f"{median[tool]:.3f}" if tool in median else "failed" for tool in seconds]
        cells += [f"{ratio:.0f}", f"{gap:.1e}" + ("" if held else " **not held**")]
        print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)
    return good


def compare_sizes(program, rounds, scratch) -> None:
    print("\n| graph | shoehorn simplify s | growth over ten times fewer nodes |\n|---|---|---|")
    before = None
    for size in (1_000, 10_000, 100_000):
        path = scratch / f"synthetic_{size}.onnx"
        synthetic.write_chain(path, size)
        median = statistics.median(run(command("shoehorn", program, path, scratch / "out.onnx"))[0] for _ in range(rounds))
        print(f"| {size:,} nodes | {median:.3f} | {f'{median / before:.1f}x' if before else ''} |", flush=True)
        before = median


def compare_memory(program, scratch) -> None:
    path = scratch / "large.onnx"
    synthetic.write_large(path, 3 << 30)
    seconds, _ = run([program, "show", path])
    memory = peak_memory([program, "show", path])
    print("\n| model with 3 GB of external data | s | peak resident MB |\n|---|---|---|")
    print(f"| shoehorn show | {seconds:.3f} | {memory / 1e6:.0f} |")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/bin/shoehorn")
    parser.add_argument("--models", type=pathlib.Path, nargs="*",
                        default=[ROOT / "../shared/data/models", ROOT / ".deps/models"])
    options = parser.parse_args()
    models = [model for folder in options.models for model in sorted(folder.glob("*.onnx"))]
    with tempfile.TemporaryDirectory() as scratch:
        good = compare_models(models, options.program, options.rounds, pathlib.Path(scratch))
        compare_sizes(options.program, options.rounds, pathlib.Path(scratch))
        compare_memory(options.program, pathlib.Path(scratch))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
