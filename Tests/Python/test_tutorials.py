"""The commands of each tutorial in docs/tutorials, one block after the other in an empty folder, with the data that they make."""
import json, os, re, subprocess
from pathlib import Path
import pytest, zarr
from conftest import binary

FOLDER = Path(__file__).parents[2] / "docs/tutorials"
# what a tutorial leaves: pictures, and images that are complete
MADE = {"fiji-mosaic": ["slide.png", "slide.ome.zarr"], "bigstitcher-angles": ["coarse.png", "sample.ome.zarr", "sharp.png"], "cluster": ["brain.ome.zarr"]}


def test_every_tutorial_is_here_and_in_the_list():
    assert {path.stem for path in FOLDER.glob("*.md")} == set(MADE) | {"README"}
    assert set(re.findall(r"\]\(([\w-]+)\.md\)", (FOLDER / "README.md").read_text())) == set(MADE)


@pytest.mark.parametrize("name", MADE)
def test_tutorial(tmp_path, name):
    environment = {k: v for k, v in os.environ.items() if k != "BLOCKFUSE_DB"} | {"PATH": f"{Path(binary()).resolve().parent}:{os.environ['PATH']}"}
    blocks = re.findall(r"^```sh\n(.*?)^```", (FOLDER / f"{name}.md").read_text(), re.M | re.S)
    assert len(blocks) >= 3
    for text in blocks:
        end = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert end.returncode == 0, f"{text}\nexit {end.returncode}\n{end.stdout}\n{end.stderr}"
    for made in MADE[name]:
        assert (tmp_path / made).exists(), made
        if made.endswith(".zarr"):
            assert zarr.open_group(str(tmp_path / made), mode="r")["0"][:].max() > 1000
    listed = subprocess.run([binary(), "list", "--json"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert {job["state"] for job in json.loads(listed)} == {"complete"}, listed


def test_the_demo_leaves_a_picture_and_commands_that_work(tmp_path):
    """`make demo` runs this script; what it prints at the end works as printed, from where it was started."""
    script = FOLDER.parents[1] / "scripts/demo.sh"
    end = subprocess.run([script, Path(binary()).resolve().parent, "demo"], cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 0, end.stdout + end.stderr
    assert (tmp_path / "demo/fused.png").read_bytes().startswith(b"\x89PNG")
    lines = [line.strip() for line in end.stdout.split("What next", 1)[1].splitlines() if "/blockfuse " in line]
    assert len(lines) == 3
    for line in lines:
        line = line.split("#")[0].strip()
        command = f"timeout -s INT 3 {line} --port 0 || [ $? -eq 124 ]" if " serve" in line else line
        again = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
        assert again.returncode == 0, f"{line}\n{again.stdout}{again.stderr}"
