#!/usr/bin/env python3
"""The receiver of events for tests: HTTPS, a bearer token, idempotency keys.

  event_receiver.py LOG [--certificate PEM --key PEM] [--token T] [--port N] [--swallow K] [--refuse N]

Prints its port. Adds a line of JSON to LOG for each key that is new; a key that comes again is answered with 200 and
not counted, as an idempotent receiver does. --swallow K takes every K-th event and hangs up instead of answering;
--refuse N answers the first N posts with 503.
"""
import argparse
import http.server
import json
import os
import ssl


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--token", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--swallow", type=int, default=0)
    parser.add_argument("--refuse", type=int, default=0)
    options = parser.parse_args()
    seen = set()
    if os.path.exists(options.log):
        with open(options.log, encoding="utf-8") as log:
            seen = {json.loads(line)["key"] for line in log}
    posts = 0

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self, code: int) -> None:
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            nonlocal posts
            posts += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if options.token and self.headers.get("Authorization") != "Bearer " + options.token:
                return self.answer(401)
            if posts <= options.refuse:
                return self.answer(503)
            key = self.headers["Idempotency-Key"]
            if key not in seen:
                seen.add(key)
                with open(options.log, "a", encoding="utf-8") as log:
                    log.write(json.dumps({"key": key, "post": posts, "event": json.loads(body)}) + "\n")
            if options.swallow and posts % options.swallow == 0:
                self.close_connection = True
                return None
            return self.answer(200)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer((options.host, options.port), Handler)
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
