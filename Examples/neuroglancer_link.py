#!/usr/bin/env python3
"""Shows an OME-Zarr image of this machine in neuroglancer: prints a link, and serves the image to the browser until Ctrl-C.

    python3 neuroglancer_link.py fused.ome.zarr [PORT]

Nothing leaves the machine: the page comes from the network, the image from here. Standard library only.
"""
import http.server, json, sys, urllib.parse
from pathlib import Path

VIEWER = "https://neuroglancer-demo.appspot.com/"


class Handler(http.server.SimpleHTTPRequestHandler):
    # a browser asks for many small files; each on a connection of its own would be slow
    protocol_version = "HTTP/1.1"

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_):
        pass


def state(image, address):
    """What neuroglancer is to show: space on the screen's axes, contrast as the image says."""
    old, new = image / ".zattrs", image / "zarr.json"
    attributes = json.loads(old.read_text()) if old.exists() else json.loads(new.read_text())["attributes"]["ome"]
    multiscale = attributes["multiscales"][0]
    scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
    # x, y, z first: those are what the screen shows; blockfuse writes micrometres
    space = [(a["name"], [s * 1e-6, "m"]) for a, s in zip(multiscale["axes"], scale) if a.get("type") == "space"][::-1]
    layer = {"type": "image", "name": image.name, "source": f"zarr://{address}{urllib.parse.quote(image.name)}"}
    windows = [c["window"] for c in attributes.get("omero", {}).get("channels", []) if "window" in c]
    if windows:
        layer["shaderControls"] = {"normalized": {"range": [windows[0]["start"], windows[0]["end"]]}}
    return {"dimensions": dict(space), "layers": [layer], "layout": "4panel" if len(space) == 3 else "xy"}


def main():
    image = Path(sys.argv[1]).resolve()
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), lambda *a: Handler(*a, directory=str(image.parent)))
    address = f"http://127.0.0.1:{server.server_port}/"
    print(VIEWER + "#!" + urllib.parse.quote(json.dumps(state(image, address))), flush=True)
    print("open this link; Ctrl-C ends it", file=sys.stderr)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
