"""A small archive in the form of EmpatheticDialogues, and a loopback server that sends a file in pieces."""

from __future__ import annotations

import io
import tarfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = "conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags"
LINES = {
    "train": [
        "hit:0_conv:1,1,joyful,We won_comma_ at last,4,We won the cup_comma_ can you see it?,5|5|5_5|5|5,",
        "hit:0_conv:1,2,joyful,We won_comma_ at last,9,Hooray!,5|5|5_5|5|5,",
        "hit:0_conv:1,3,joyful,We won_comma_ at last,4,I sang all night.,5|5|5_5|5|5,",
        'hit:0_conv:1,4,joyful,We won_comma_ at last,9,"Again"_comma_ I bet,5|5|5_5|5|5,',
    ],
    "valid": [
        "hit:1_conv:2,1,sad,My fern died,3,My fern died.,,,Oh no|Hm_pipe_m",
        "hit:1_conv:2,2,sad,My fern died,8,I am sorry_comma_ truly.,,,Oh no|Hm",
    ],
    "test": [
        "hit:2_conv:3,1,proud,She passed,5,My niece passed!,,",
        "hit:2_conv:3,2,proud,She passed,6,Clever girl.,,",
        "hit:2_conv:3,3,proud,She passed,5,,,",
        "hit:2_conv:3,4,proud,She passed,6,What did she study?,,",
        "hit:3_conv:4,1,sad,Rain,5,It rained on our day.,,",
        "hit:3_conv:4,2,sad,Rain,6,What a pity!,,",
    ],
}


def pack(path: Path, lines: dict[str, list[str]] | None = None, header: str = HEADER) -> Path:
    """Write an archive."""
    with tarfile.open(path, "w:gz") as archive:
        for split, rows in (lines or LINES).items():
            content = "\n".join([header, *rows, ""]).encode()
            entry = tarfile.TarInfo(f"empatheticdialogues/{split}.csv")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


class Sender(ThreadingHTTPServer):
    """Sends `content`; after `drops` bytes of each of the first answers the connection breaks."""

    daemon_threads = True
    content: bytes
    drops: list[int]
    ranges: list[str | None]
    knows_ranges: bool = True
    status: int = 200


class _Handler(BaseHTTPRequestHandler):
    server: Sender

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        start = int(asked[6:-1]) if asked and self.server.knows_ranges else 0
        if start and start >= len(self.server.content):
            self.send_error(416)
            return
        rest = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.server.drops.pop(0)] if self.server.drops else rest)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def sending(content: bytes, drops: tuple[int, ...] = ()) -> Iterator[tuple[str, Sender]]:
    """Run a server on loopback; yields the address of the file and the server."""
    server = Sender(("127.0.0.1", 0), _Handler)
    server.content, server.drops, server.ranges = content, list(drops), []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/empatheticdialogues.tar.gz", server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
