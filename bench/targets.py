#!/usr/bin/env python3
"""What a target takes of every real model, as it comes and after repair, and how rules and judge agree.

  bench/targets.py build/bin/shoehorn [--target snapdragon-8-gen-3] [MODEL.onnx ...]
  | model | as it comes: islands, on the CPU | after repair | by | agreement | s |

Dynamic dimensions get the sizes below; a model that is not listed is taken as it comes (its batch becomes 1).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = [ROOT / ".deps/models", ROOT.parent / "shared/data/models"]
SHAPES = {
    "yunet_n_dynamic.onnx": ["input=1,3,320,320"],
    "ch_PP-OCRv4_det_infer.onnx": ["x=1,3,640,640"],
    "ch_PP-OCRv4_rec_infer.onnx": ["x=1,3,48,192"],
    "ch_ppocr_mobile_v2.0_cls_infer.onnx": ["x=1,3,48,192"],
    "magika_standard_v3_3.onnx": ["bytes=1,2048"],
    "silero_vad_16k_op15.onnx": ["input=1,576", "state=2,1,128"],
    "silero_vad_half.onnx": ["input=1,576", "state=2,1,128"],
    "silero_vad_op18_ifless.onnx": ["input=1,576", "state=2,1,128"],
}


def check(program: str, model: pathlib.Path, target: str):
    command = [program, "check", str(model), "--target", target, "--json", "-"]
    for shape in SHAPES.get(model.name, []):
        command += ["--shape", shape]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode not in (0, 1):
        return None, seconds, done.stderr.strip().splitlines()[0]
    return json.loads(done.stdout), seconds, ""


def placed(answer) -> str:
    """Islands and CPU operators: the judge's when it answered, else the rules'."""
    judge = answer["judge"]
    if judge and judge["died"]:
        return "the compiler " + judge["died"]
    found = judge or answer["summary"]
    return f"{found['islands']}, {found['cpu_operators']}"


def disagreements(target: str, model: str, answer) -> list:
    """Rows (target, model, state, operator, nodes, rules, judge), equal ones as one."""
    rows = {}
    for state, part in (("as it comes", answer), ("repaired", answer["after"])):
        for each in (part["agreement"] or {}).get("disagreements", []):
            rules = each["rules"].split(": ", 1)[-1]
            key = (target, model, state, each["op"], rules, each["judge"])
            rows.setdefault(key, []).append(each["name"])
    return [(*key[:4], names, *key[4:]) for key, names in rows.items()]


def write_page(path: pathlib.Path, rows: list, totals: list):
    text = ("# Where rules and judges disagree\n\nOn the real models of the tests, as they come (with dynamic inputs pinned) and "
            "repaired; the judge wins.\nWritten by `make bench-targets`.\n\n")
    for target, agreed, compared in totals:
        text += f"- {target}: rules and judge agree on {agreed} of {compared} nodes, {100 * agreed / compared:.2f} %\n"
    text += "\n| target | model | state | operator | nodes | rules | judge |\n|---|---|---|---|---|---|---|\n"
    for target, model, state, op, names, rules, judge in rows:
        shown = f"{len(names)}: " + ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        cells = (target, model, state, op, shown, rules, judge)
        text += "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"
    path.write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--target", action="append")
    parser.add_argument("--disagreements", type=pathlib.Path, help="write every disagreement to this Markdown file")
    arguments = parser.parse_intermixed_args()
    rows, totals = [], []
    models = arguments.models or sorted(path for folder in FOLDERS for path in folder.glob("*.onnx"))
    for target in arguments.target or ["snapdragon-8-gen-3", "openvino-cpu"]:
        compared = agreed = 0
        print(f"\n### {target}\n\n| model | as it comes: islands, operators on the CPU | repaired | repairs | "
              "judged | rules agree | s |\n|---|---|---|---|---|---|---|")
        for model in models:
            answer, seconds, error = check(arguments.program, model, target)
            if answer is None:
                print(f"| {model.stem} | {error} | | | | | {seconds:.1f} |", flush=True)
                continue
            after = answer["after"]
            agreements = [part["agreement"] for part in (answer, after) if part["agreement"]]
            compared += sum(part["compared"] for part in agreements)
            agreed += sum(part["agreed"] for part in agreements)
            rows += disagreements(target, model.stem, answer)
            both = ", ".join(f"{part['agreed']}/{part['compared']}" for part in agreements)
            repairs = ", ".join(repair["pass"] for repair in answer["repairs"]) or "-"
            judged = "yes" if after["judge"] else "no"
            print(f"| {model.stem} | {placed(answer)} | {placed(after)} | {repairs} | {judged} | {both} | "
                  f"{seconds:.1f} |", flush=True)
        if compared:
            totals.append((target, agreed, compared))
            print(f"\nRules and judge agree on {agreed} of {compared} nodes, {100 * agreed / compared:.2f} %.")
    if arguments.disagreements:
        write_page(arguments.disagreements, rows, totals)
    return 0


if __name__ == "__main__":
    sys.exit(main())
