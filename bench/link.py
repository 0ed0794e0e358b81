"""A link that follows recorded drives: a network namespace behind a veth pair. Token buckets shape the rate of each
direction; Toxiproxy in the namespace adds the round trip, since a delay of the kernel's own (netem) is not everywhere.

    link = Link()                       # needs root, ip, tc
    link.set_rates(1000, 5000)          # kbit/s up, down
    link.delay(8001, 18001, 60, log)    # port 8001 leads to 18001 of the namespace, with a round trip of 60 ms
"""
import concurrent.futures
import csv
import ctypes
import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOXIPROXY = ROOT / ".deps/toxiproxy/server"
CLONE_NEWNET = 0x40000000


def run(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class Link:
    """The far end lies in a namespace of its own; numbers keep several links apart."""

    count = 0

    def __init__(self, queue_ms: int = 200) -> None:
        number = (os.getpid() * 8 + Link.count) % 60000
        Link.count += 1
        self.queue_ms = queue_ms
        self.space, self.near, self.far = f"shoehorn{number}", f"sh{number}a", f"sh{number}b"
        net = f"10.{200 + number // 15000}.{number % 250}"
        self.near_address, self.far_address = net + ".1", net + ".2"
        self.inside = ["ip", "netns", "exec", self.space]
        run("ip", "netns", "add", self.space)
        run("ip", "link", "add", self.near, "type", "veth", "peer", "name", self.far)
        run("ip", "link", "set", self.far, "netns", self.space)
        run("ip", "addr", "add", self.near_address + "/30", "dev", self.near)
        run("ip", "link", "set", self.near, "up")
        for words in (["ip", "addr", "add", self.far_address + "/30", "dev", self.far],
                      ["ip", "link", "set", self.far, "up"], ["ip", "link", "set", "lo", "up"]):
            run(*self.inside, *words)
        self.shapers = {
            self.near: subprocess.Popen(["tc", "-force", "-batch", "-"], stdin=subprocess.PIPE, text=True),
            self.far: subprocess.Popen(self.inside + ["tc", "-force", "-batch", "-"], stdin=subprocess.PIPE, text=True)}
        self.rates: dict[str, float] = {}
        self.proxy: subprocess.Popen | None = None
        self.inner: concurrent.futures.ThreadPoolExecutor | None = None

    def set_rate(self, device: str, kbps: float) -> None:
        kbps = max(kbps, 1)
        if self.rates.get(device) == kbps:
            return  # a change fills the bucket: what stays the same is not said again
        verb = "change" if device in self.rates else "add"
        self.rates[device] = kbps
        burst = max(1600, int(kbps * 1000 / 8 * 0.01))
        shaper = self.shapers[device].stdin
        shaper.write(f"qdisc {verb} dev {device} root tbf rate {kbps:.0f}kbit burst {burst} latency {self.queue_ms}ms\n")
        shaper.flush()

    def set_rates(self, up: float, down: float) -> None:
        self.set_rate(self.near, up)
        self.set_rate(self.far, down)

    def delay(self, port: int, server_port: int, round_trip_ms: float, log: pathlib.Path) -> None:
        """Half a round trip each way between `port` of the far address and the server behind it. Called again, it starts
        anew, for Toxiproxy hangs or dies when a delay changes under an open connection."""
        self.stop_delay()
        with open(log, "a", encoding="utf-8") as file:
            self.proxy = subprocess.Popen(self.inside + [str(TOXIPROXY), "-host", "127.0.0.1", "-port", "8474"],
                                          stdout=file, stderr=file)
        self.inner = concurrent.futures.ThreadPoolExecutor(1, initializer=self._enter)
        self._post("/proxies", {"name": "tail", "listen": f"0.0.0.0:{port}", "upstream": f"127.0.0.1:{server_port}",
                                "enabled": True})
        for stream in ("upstream", "downstream"):
            self._post("/proxies/tail/toxics", {"name": stream, "type": "latency", "stream": stream,
                                                "attributes": {"latency": round(round_trip_ms / 2)}})

    def _enter(self) -> None:
        """Moves the calling thread, and only it, into the namespace."""
        with open(f"/var/run/netns/{self.space}", "rb") as space:
            if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"no way into the namespace {self.space}")

    def _post(self, path: str, body: dict) -> None:
        self.inner.submit(self._ask, path, body).result()

    @staticmethod
    def _ask(path: str, body: dict) -> None:
        request = urllib.request.Request("http://127.0.0.1:8474" + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        for _ in range(100):  # while it starts
            try:
                return urllib.request.urlopen(request, timeout=5).close()
            except urllib.error.HTTPError as error:
                raise RuntimeError(f"Toxiproxy: {path}: {error.code} {error.read()[:200]!r}") from error
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("Toxiproxy does not answer")

    def stop_delay(self) -> None:
        if self.proxy is not None:
            self.proxy.kill()
            self.proxy.wait()
            self.inner.shutdown()

    def close(self) -> None:
        self.stop_delay()
        for shaper in self.shapers.values():
            shaper.stdin.close()
            shaper.wait()
        subprocess.run(["ip", "link", "del", self.near], check=False)
        subprocess.run(["ip", "netns", "del", self.space], check=False)


def read_column(path: pathlib.Path, name: str) -> list[tuple[float, float]]:
    """(second, value) where the trace measured it."""
    with open(path, encoding="utf-8") as file:
        return [(float(row["t_s"]), float(row[name])) for row in csv.DictReader(file) if row.get(name)]


def each_second(rows: list[tuple[float, float]], seconds: int) -> list[float]:
    """The value of each second; a row holds until the next one, and the trace repeats."""
    values, at = [], 0
    length = max(1, int(rows[-1][0] - rows[0][0]) + 1)
    for second in range(seconds):
        now = rows[0][0] + second % length
        if second % length == 0:
            at = 0
        while at + 1 < len(rows) and rows[at + 1][0] <= now:
            at += 1
        values.append(rows[at][1])
    return values
