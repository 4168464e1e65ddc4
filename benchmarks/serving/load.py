"""A client that costs little: prepared bytes over kept connections, a process for each connection."""

from __future__ import annotations

import multiprocessing
import socket
import time
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Measured:
    """Of one server and load: requests per second, latencies in ms, CPU ms per request, resident MiB, failed requests."""

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: float
    failed: int


def request_bytes(port: int, path: str, body: bytes, token: str = "") -> bytes:
    """Return a POST request as it goes over the wire."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def measure(port: int, request: bytes, pids: list[int], *, connections: int, seconds: float) -> Measured:
    """Ask a server for some seconds over some connections, one request at a time each."""
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    before, began = sum(map(_cpu, pids)), time.perf_counter()
    clients = [context.Process(target=_ask, args=(port, request, seconds, queue)) for _ in range(connections)]
    for client in clients:
        client.start()
    answers = [queue.get() for _ in clients]
    took, cpu = time.perf_counter() - began, sum(map(_cpu, pids)) - before
    for client in clients:
        client.join()
    latencies = np.concatenate([found for found, _ in answers]) * 1000
    count = max(1, len(latencies))
    p50, p99 = np.percentile(latencies, [50, 99]) if len(latencies) else (float("nan"), float("nan"))
    failed = sum(wrong for _, wrong in answers)
    return Measured(count / took, float(p50), float(p99), cpu * 1000 / count, sum(map(_memory, pids)), failed)


def _ask(port: int, request: bytes, seconds: float, queue) -> None:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    latencies, failed, ends = [], 0, time.perf_counter() + seconds
    while (sent := time.perf_counter()) < ends:
        connection.sendall(request)
        failed += _answer(connection)[9:12] != b"200"
        latencies.append(time.perf_counter() - sent)
    connection.close()
    queue.put((np.array(latencies), failed))


def _answer(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        part = connection.recv(65536)
        if not part:
            return b""
        found += part
    head, _, rest = found.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
    while len(rest) < length:
        rest += connection.recv(65536)
    return head


def _cpu(pid: int) -> float:
    """Return the seconds of processor time that a process has taken."""
    import os

    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()  # noqa: PTH123, SIM115
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    lines = open(f"/proc/{pid}/status").read().splitlines()  # noqa: PTH123, SIM115
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
