"""CPU of the bus for one exchange: verify, authorize, judge, record, re-sign, forward; and the same for the answer.

    python -m bench.exchange [--count 4000] [--rounds 5] [--connections 16] [--request 1500] [--answer 3000]

The bus runs in a process of its own; its CPU time is read before and after each round.  Shared machines drift, and two
busy cores that are threads of one are slower than one alone, so an RSA-2048 signature is timed now and then during the
load itself (and again with the machine idle, to show the difference).  Figures are given as measured and scaled to a
core on which one such signature takes 669 µs.
"""

import argparse
import json
import os
import secrets
import signal
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from bench.load import calibrate, drive
from bench.place import SERVICE, BenchPlace, make_place, start
from bench.rows import content
from esb.certs.client import signed_request
from esb.kernel.soap import SoapVersion

_QUIET_CORE_US = 669.0


def signed_ahead(place: BenchPlace, count: int, size: int) -> list[bytes]:
    """Fresh messages, each with an id of its own."""
    body = content("Ask", size)
    now = time.time()
    return [signed_request(place.consumer, SoapVersion.V11, body, (), now, secrets.token_hex(8)) for _ in range(count)]


def cpu(process: psutil.Process) -> float:
    """Seconds of CPU, user and system, that the process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all rounds; returns the figures."""
    with tempfile.TemporaryDirectory() as folder:
        provider = start(["-m", "bench.provider", str(arguments.answer)])
        assert provider.stdout is not None
        place = make_place(Path(folder) / "home", int(provider.stdout.readline()), arguments.key)
        port = 20_000 + secrets.randbelow(20_000)
        environment = {**os.environ, "SHLUZ_DOOR_PORT": str(port), "SHLUZ_LOG_LEVEL": arguments.log_level}
        bus = start(
            ["-m", "esb.cli", "--home", str(place.home), "serve"],
            env=environment,
            stderr=open(arguments.log, "w") if arguments.log else None,  # noqa: SIM115 - the child's for its life
        )
        try:
            _wait(port)
            process = psutil.Process(bus.pid)
            drive(port, SERVICE.path, signed_ahead(place, arguments.count // 4 or 1, arguments.request), 8)
            rounds = []
            for _ in range(arguments.rounds):
                messages = signed_ahead(place, arguments.count, arguments.request)
                idle = calibrate(300)
                used = cpu(process)
                load = drive(port, SERVICE.path, messages, arguments.connections)
                used = cpu(process) - used
                core = load.calibration
                rounds.append(
                    {
                        "cpu_us": used / len(messages) * 1e6,
                        "scaled_us": used / len(messages) * 1e6 * _QUIET_CORE_US / core,
                        "calibration_us": core,
                        "calibration_idle_us": (idle + calibrate(300)) / 2,
                        "per_second": len(messages) / load.seconds,
                        "p50_ms": load.quantile(0.5) * 1000,
                        "p95_ms": load.quantile(0.95) * 1000,
                        "p99_ms": load.quantile(0.99) * 1000,
                        "rss_mb": process.memory_info().rss / 1e6,
                    }
                )
                print(_line(rounds[-1]), flush=True)
            return {
                "exchanges": arguments.count * arguments.rounds,
                "message_bytes": len(messages[0]),
                **{name: statistics.median(each[name] for each in rounds) for name in rounds[0]},
                "rounds": rounds,
            }
        finally:
            for child in (bus, provider):
                child.send_signal(signal.SIGTERM)
            for child in (bus, provider):
                child.wait(20)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the bus did not become ready in ten seconds")


def _line(figures: dict[str, float]) -> str:
    return (
        f"CPU {figures['cpu_us']:6.0f} µs  scaled {figures['scaled_us']:6.0f} µs  {figures['per_second']:6.0f}/s  "
        f"p50 {figures['p50_ms']:5.1f}  p95 {figures['p95_ms']:5.1f}  p99 {figures['p99_ms']:5.1f} ms  "
        f"RSS {figures['rss_mb']:4.0f} MB  "
        f"(RSA {figures['calibration_us']:.0f}, idle {figures['calibration_idle_us']:.0f} µs)"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=4000, help="exchanges in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--request", type=int, default=1500, help="bytes in the request's Body")
    parser.add_argument("--answer", type=int, default=3000, help="bytes in the answer's Body")
    parser.add_argument("--key", default="p256", help="the consumer's kind of key")
    parser.add_argument("--log-level", default="warning", help="the bus's log level")
    parser.add_argument("--log", help="the bus's log file")
    parser.add_argument("--json", type=Path, help="write all figures here")
    arguments = parser.parse_args()
    figures = measure(arguments)
    print("median:", _line(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
