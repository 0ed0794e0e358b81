#!/usr/bin/env python3
"""Runs the agent over a recorded link against a real Triton server, kills it in between, and counts.

  bench/agent.py --plan FOLDER/plan.json --frames FOLDER --trace links/att-lte-driving.csv

The server and the receiver of events live in a network namespace of their own behind a veth pair, shaped by token
buckets that follow the trace second by second: uplink one way, downlink the other. Both speak TLS with certificates
made here; the receiver wants a token. Times are taken here, too, when an answer's line is read, so that the agent is
not believed about its own deadlines. Ends with 1 when a frame was late or unanswered or an event is missing, 77 where
this machine cannot do it (it takes root, ip, tc, openssl and tools/servers.sh).
"""
import argparse
import csv
import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import triton
from link import Link

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOKEN = "token-of-the-bench"
READING_S = 0.005  # what it may take this process to notice a line


def read_trace(path: str, seconds: int) -> list[tuple[float, float]]:
    """(uplink, downlink) of each second: the window of the trace with the most seconds under 100 kbit/s."""
    rows, up, down = [], None, None  # empty: as before; never measured: as the other way
    with open(path, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            up = float(row["uplink_kbps"]) if row["uplink_kbps"] else up
            down = float(row["downlink_kbps"]) if row["downlink_kbps"] else down
            rows.append((down if up is None else up, up if down is None else down))
    rows = rows * (1 + seconds // max(1, len(rows)))
    bad = [min(row) < 100 for row in rows]
    start = max(range(len(rows) - seconds + 1), key=lambda at: sum(bad[at:at + seconds]))
    return rows[start:start + seconds]


def make_certificates(folder: pathlib.Path, address: str) -> None:
    (folder / "san.txt").write_text(f"subjectAltName=IP:{address}\n")
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    for words in (new + ["-x509", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"],
                  new + ["-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr"],
                  ["openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                   "-CAcreateserial", "-days", "2", "-extfile", "san.txt", "-out", "server.pem"]):
        subprocess.run(words, cwd=folder, check=True, stderr=subprocess.DEVNULL)


class Agent:
    """One life of the agent. Each line of its answers is stamped when it is read."""

    def __init__(self, words: list[str], log) -> None:
        self.answers: list[tuple[float, dict]] = []
        self.started = time.time()
        self.ended = 0.0
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True,
                                        env={**os.environ, "SHOEHORN_BENCH_TOKEN": TOKEN})
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self) -> None:
        # This thread looks at the clock before any ordinary one runs.
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.answers.append((time.time(), json.loads(line)))

    def stop(self, number: int) -> None:
        self.ended = time.time()
        self.process.send_signal(number)
        self.process.wait(60)
        self.reader.join()


def utc(text: str) -> float:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build/bin/shoehorn"))
    parser.add_argument("--plan", required=True)
    parser.add_argument("--frames", required=True)
    parser.add_argument("--format", default="raw")
    parser.add_argument("--trace", required=True)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--late-share", type=float, default=0, help="of frames that may be late or without an answer")
    options = parser.parse_args()
    tools = [tool for tool in ("ip", "tc", "openssl") if shutil.which(tool) is None]
    if os.geteuid() != 0 or tools or not triton.TRITON.exists():
        print("skipped: it takes root, ip, tc, openssl and Triton (make servers)")
        return 77
    try:
        link = Link()
    except subprocess.CalledProcessError as error:
        print("skipped: no network namespaces here:", error)
        return 77
    children: list[subprocess.Popen] = []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shoehorn-agent-"))
    try:
        return measure(options, link, children, folder)
    finally:
        for child in children:
            os.killpg(child.pid, signal.SIGKILL)  # with what it started itself
            child.wait()
        link.close()
        shutil.rmtree(folder)


def measure(options, link: Link, children: list, folder: pathlib.Path) -> int:
    source = pathlib.Path(options.plan)
    shutil.copytree(source.parent, folder / "plan")
    plan = json.loads(source.read_text())
    plan["tail"]["endpoint"].update(address=f"{link.far_address}:8001", tls=True, ca_file="../ca.pem", token_env="",
                                    token_file="")
    plan["events"].update(url=f"https://{link.far_address}:8443/events", ca_file="../ca.pem",
                          token_env="SHOEHORN_BENCH_TOKEN", token_file="")
    (folder / "plan/plan.json").write_text(json.dumps(plan))
    make_certificates(folder, link.far_address)
    agent_log = open(folder / "agent.log", "w+")
    children.append(triton.start(link.inside, folder / "plan/repository", folder / "server.log", 8001, [
        "--grpc-use-ssl=true", f"--grpc-server-cert={folder}/server.pem", f"--grpc-server-key={folder}/server.key"]))
    receiver = [sys.executable, str(ROOT / "tests/servers/event_receiver.py"), str(folder / "received"), "--host",
                "0.0.0.0", "--port", "8443", "--certificate", str(folder / "server.pem"), "--key",
                str(folder / "server.key"), "--token", TOKEN, "--swallow", "17"]
    children.append(subprocess.Popen(link.inside + receiver, stdout=subprocess.DEVNULL, start_new_session=True))

    trace = read_trace(options.trace, options.seconds)
    dice = random.Random(options.seed)
    slot = options.seconds / (options.kills + 1)
    kills = [slot * (i + 1) + dice.uniform(-0.3, 0.3) * slot for i in range(options.kills)]
    words = [options.program, "run", str(folder / "plan/plan.json"), "--frames", options.frames, "--format",
             options.format, "--repeat", "--rate", str(options.rate)]
    link.set_rates(*trace[0])
    lives = [Agent(words, agent_log)]
    start = time.monotonic()
    second, next_kill = 0, 0
    while (now := time.monotonic() - start) < options.seconds:
        if now >= second:
            link.set_rates(*trace[second])
            second += 1
        if next_kill < len(kills) and now >= kills[next_kill]:
            lives[-1].stop(signal.SIGKILL)
            lives.append(Agent(words, agent_log))
            next_kill += 1
        time.sleep(0.005)
    lives[-1].stop(signal.SIGTERM)
    link.set_rates(100000, 100000)
    drain = Agent(words + ["--count", "1", "--linger", "60"], agent_log)
    drain.process.wait(90)
    drain.reader.join()
    return report(options, plan, trace, lives, drain, folder)


def report(options, plan: dict, trace: list, lives: list, drain: Agent, folder: pathlib.Path) -> int:
    answers = [pair for life in lives for pair in life.answers]
    deadline = plan["deadline_s"]
    late_here = [a for at, a in answers if at - utc(a["arrived"]) > deadline + READING_S]
    late = [a for _, a in answers if a["late"]]
    none = [a for _, a in answers if a["by"] == "none"]
    missing, in_flight = 0, []
    for index, life in enumerate(lives):
        numbers = sorted(a["frame"] for _, a in life.answers)
        missing += (numbers[-1] + 1 - len(numbers)) if numbers else 0
        if index + 1 < len(lives) and numbers:
            first = min(utc(a["arrived"]) for _, a in life.answers)
            in_flight.append(int((life.ended - first) * options.rate) + 1 - len(numbers))
    told = [a["event"] for _, a in answers + drain.answers if "event" in a]
    received = [json.loads(line) for line in (folder / "received").read_text().splitlines()]
    keys = [event["key"] for event in received]
    order = {key: at for at, key in enumerate(keys)}
    known = [order[key] for key in told if key in order]
    pending = {a["event"] for _, a in answers if a.get("event_kept") == "pending"}
    slow = len(pending)
    lost, unseen = len(set(told) - set(keys)), len(set(keys) - set(told))
    own = sorted(a["own_ms"] for _, a in answers if a["by"] == "tail")
    latency = sorted(a["latency_ms"] for _, a in answers)
    by = {who: sum(a["by"] == who for _, a in answers) for who in ("tail", "device", "fallback", "none")}
    restart = [min(utc(a["arrived"]) for _, a in life.answers) - life.started for life in lives[1:] if life.answers]
    up = sorted(row[0] for row in trace)
    print(f"trace {pathlib.Path(options.trace).name}: {options.seconds} s, uplink median {up[len(up) // 2]:.0f} kbit/s, "
          f"{sum(min(row) < 100 for row in trace)} s under 100 kbit/s; no delay added beyond the buckets' queues")
    print(f"frames: {len(answers)} answered at {options.rate:g} a second, deadline {deadline * 1e3:.0f} ms: {by}")
    print(f"  late by the agent's clock {len(late)}, by the reader's {len(late_here)} (+{READING_S * 1e3:.0f} ms), "
          f"without an answer {missing + len(none)}; in flight at the {options.kills} kills {in_flight}")
    print(f"  latency p50 {latency[len(latency) // 2]:.1f} ms, p99 {latency[int(len(latency) * 0.99)]:.1f} ms, "
          f"greatest {latency[-1]:.1f} ms; first frame after a kill {statistics.mean(restart or [0]):.2f} s later")
    if own:
        print(f"  own cost of frames by the tail: p50 {own[len(own) // 2]:.3f} ms, p99 {own[int(len(own) * 0.99)]:.3f} ms")
    print(f"events: {len(told)} told in answers, {len(keys)} at the receiver ({len(set(keys))} different), {lost} lost, "
          f"in order: {known == sorted(known)}; {slow} still on their way to a slow disk when answered; {unseen} whose answer a kill kept back; "
          f"{received[-1]['post'] if received else 0} posts, each 17th answer swallowed")
    bad = max(len(late), len(late_here)) + len(none)
    good = (bad <= options.late_share * len(answers) and not missing and not lost and len(set(keys)) == len(keys) and
            known == sorted(known))
    for answer in late + none:
        print("  ", {key: answer[key] for key in answer if key not in ("outputs", "id", "arrived")})
    if not good:
        print("the agent's log ends:\n" + (folder / "agent.log").read_text()[-3000:])
    print("kept" if good else "NOT kept")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
