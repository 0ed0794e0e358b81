"""Triton Inference Server for the benchmarks, as tools/servers.sh brings it; the repository is what `shoehorn place` writes."""
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRITON = ROOT / ".deps/triton/pytriton/tritonserver"


def start(inside: list[str], repository: pathlib.Path, log: pathlib.Path, port: int, more: list[str] = []) -> subprocess.Popen:
    """Starts it by the command prefix `inside` (a namespace) in a process group of its own, and waits until it answers."""
    with open(log, "w", encoding="utf-8") as file:
        server = subprocess.Popen(inside + [
            str(TRITON / "bin/tritonserver"), f"--model-repository={repository}",
            f"--backend-directory={TRITON}/backends", "--grpc-address=0.0.0.0", f"--grpc-port={port}",
            "--allow-http=false", "--allow-metrics=false"] + more, stderr=file, stdout=file, start_new_session=True)
    for _ in range(1200):
        if "Started GRPCInferenceService" in log.read_text():
            return server
        if server.poll() is not None:
            break
        time.sleep(0.1)
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    raise RuntimeError("Triton did not start:\n" + log.read_text()[-2000:])
