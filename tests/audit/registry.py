"""A package index and an OSV on loopback, as uv asks them, for made-up projects."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"
METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n"


class Registry(NamedTuple):
    """What the index and OSV know; each project has one version, 1.0."""

    projects: dict[str, dict[str, Any]]  #: by name: its page on the index, without the files
    yanked: dict[str, str]  #: by name: why
    vulnerabilities: dict[str, dict[str, Any]]  #: by name: what OSV says
    asked: list[str]  #: of which packages OSV was asked

    @classmethod
    def of(cls, *names, quarantined=(), yanked=None, vulnerabilities=None):
        """A registry of projects by these names."""
        statuses = {name: "quarantined" if name in quarantined else "active" for name in names}
        pages = {name: {"project-status": {"status": statuses[name]}} for name in names}
        return cls(pages, yanked or {}, vulnerabilities or {}, [])

    def page(self, name: str) -> dict[str, Any]:
        """A project's page on the index; its metadata is a file of its own (PEP 658)."""
        file = {
            "filename": f"{name}-1.0-py3-none-any.whl",
            "url": f"/files/{name}-1.0-py3-none-any.whl",
            "hashes": {"sha256": hashlib.sha256(name.encode()).hexdigest()},
            "core-metadata": True,
            "yanked": self.yanked.get(name, False),
        }
        meta = {"meta": {"api-version": "1.4"}, "name": name, "versions": ["1.0"]}
        return {**meta, **self.projects[name], "files": [file]}

    def known(self, queries: list[dict[str, Any]]) -> dict[str, Any]:
        """What OSV answers to a batch of questions: ids only."""
        names = [query["package"]["name"] for query in queries]
        self.asked.extend(names)
        found = [self.vulnerabilities.get(name) for name in names]
        summaries = [one and {"id": one["id"], "modified": one["modified"]} for one in found]
        return {"results": [{"vulns": [one]} if one else {} for one in summaries]}


@contextmanager
def serving(registry: Registry) -> Iterator[str]:
    """The registry on a free port; yields its address, OSV's too. The index is at /simple."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            kind, _, name = self.path.strip("/").partition("/")
            if kind == "simple" and name in registry.projects:
                self.answer(json.dumps(registry.page(name)), SIMPLE_JSON)
            elif kind == "files" and name.endswith(".metadata"):
                self.answer(METADATA.format(name.partition("-")[0]))
            elif kind == "v1":
                by_id = {one["id"]: one for one in registry.vulnerabilities.values()}
                self.answer(json.dumps(by_id[name.rpartition("/")[2]]))
            else:
                self.send_error(404)

        def do_POST(self):
            question = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(json.dumps(registry.known(json.loads(question)["queries"])))

        def answer(self, text, content_type="application/json"):
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_arguments):
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
