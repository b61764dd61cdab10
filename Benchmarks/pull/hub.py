"""Lays out what a hub answers, and becomes the nginx that serves it.

    hub.py GROUND FILE SHA256 COUNT

FILE is the large file, in GROUND/cdn. The addresses of all servers go to GROUND/addresses, for a shell.
"""

import hashlib
import json
import os
import random
import socket
import struct
import sys
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
# What one stream of the hub's real CDN brings, in bytes a second.
RATE = 28 << 20
# asm-generic/socket.h; Python has no name for it.
SO_MAX_PACING_RATE = 47
SERVERS = ("CDN", "LINE", "HUB", "LINE_HUB", "SMALL_HUB")


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def answer(hub: Path, repository: str, tree: list[dict]) -> None:
    """What the API says of a repository: which commit `main` is, and what the commit holds."""
    folder = hub / "api/models" / repository
    revision = {
        "_id": "0", "id": repository, "sha": COMMIT, "private": False, "gated": False, "disabled": False,
        "tags": [], "siblings": [{"rfilename": entry["path"]} for entry in tree],
    }
    for place, content in (("revision/main", revision), (f"tree/{COMMIT}", tree)):
        path = folder / place
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content))


def lay_out_large(hub: Path, file: Path, sha256: str) -> None:
    size = file.stat().st_size
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
    entry = {
        "type": "file", "oid": git_oid(pointer), "size": size, "path": file.name,
        "lfs": {"oid": sha256, "size": size, "pointerSize": len(pointer)},
    }
    answer(hub, "org/large-GGUF", [entry])


def small_files(count: int) -> dict[str, bytes]:
    """The least that counts as a model, and as many files of 1 to 20 kB beside it as make up the count."""
    header = b'{"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}'
    files = {
        "model.safetensors": struct.pack("<Q", len(header)) + header + b"\0\0",
        "config.json": b'{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}',
    }
    chance = random.Random(1)
    for number in range(1, count - len(files) + 1):
        noise = chance.randbytes(chance.randint(500, 9_990)).hex()
        files[f"part-{number:04}.json"] = json.dumps(noise).encode()
    return files


def lay_out_small(ground: Path, hub: Path, count: int) -> None:
    files = small_files(count)
    folder = hub / "small"
    folder.mkdir()
    oids = {name: git_oid(content) for name, content in files.items()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (ground / "oids.map").write_text("".join(f"{name} {oid};\n" for name, oid in oids.items()))
    tree = [
        {"type": "file", "oid": oids[name], "size": len(content), "path": name}
        for name, content in files.items()
    ]
    answer(hub, "org/small", tree)
    answer(hub, "org/redirected", tree)


def listen(server: str) -> socket.socket:
    """A socket for nginx: on the line, each of its connections is as fast as a stream of the CDN."""
    listener = socket.socket()
    # The machine's own choice may pace the sender, or let it fall back now and then.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
    if server == "LINE":
        listener.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, RATE)
    listener.bind(("127.0.0.1", 0))
    listener.listen(511)
    listener.set_inheritable(True)
    return listener


def main() -> None:
    ground, file, sha256, count = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    hub = ground / "hub"
    lay_out_large(hub, file, sha256)
    lay_out_small(ground, hub, count)

    listeners = {server: listen(server) for server in SERVERS}
    ports = {server: listener.getsockname()[1] for server, listener in listeners.items()}
    words = {f"{server}_PORT": str(port) for server, port in ports.items()}
    words |= {
        "GROUND": str(ground), "COMMIT": COMMIT, "LARGE_SHA256": sha256,
        "LARGE_SIZE": str(file.stat().st_size), "USER": "user root;" if os.geteuid() == 0 else "",
    }
    text = Path(__file__).with_name("nginx.conf").read_text()
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, words[word])
    (ground / "nginx.conf").write_text(text)
    addresses = "".join(f"{server.lower()}=http://127.0.0.1:{port}\n" for server, port in ports.items())
    (ground / "addresses").write_text(addresses)

    # As a new nginx takes over the sockets of an old one: no port is guessed, and one can connect at once.
    os.environ["NGINX"] = "".join(f"{listener.fileno()};" for listener in listeners.values())
    os.execvp("nginx", ["nginx", "-p", str(ground), "-c", str(ground / "nginx.conf"), "-e", "stderr"])


main()
