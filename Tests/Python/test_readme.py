"""Every command of README.md, run in the order in which a reader would, in an empty folder."""
import json, os, re, shutil, subprocess, sys
from pathlib import Path
import numpy as np, pytest, tifffile, zarr
from conftest import binary, texture, write_view
from test_bigstitcher import N5, shift, tile, write_n5, write_xml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.M | re.S)
SHELL = [text for kind, text in BLOCKS if kind == "sh"]


def data_of_the_reader(folder):
    """What the README takes for granted, small: the files that BigStitcher and Fiji leave, and images for `sims`."""
    write_n5(folder / "data.n5/setup0/timepoint0/s0", tile(0))
    write_n5(folder / "data.n5/setup1/timepoint0/s0", tile(1))
    write_xml(folder / "dataset.xml", N5, {(0, 0): [shift(0)], (0, 1): [shift(20)]})
    whole = texture(np.random.default_rng(1), (1, 1, 60, 150), "uint16")[0, 0]
    for i, x in enumerate((0, 70)):
        tifffile.imwrite(folder / f"tile_{i}.tif", whole[:, x:x + 80])
    (folder / "TileConfiguration.registered.txt").write_text("dim = 2\ntile_0.tif; ; (0.0, 0.0)\ntile_1.tif; ; (70.0, 0.0)\n")


PYTHON_BEFORE = """
import sys; sys.path.insert(0, {examples!r})
import numpy as np, xarray as xr
from multiview_stitcher import spatial_image_utils as si_utils
sims, paths = [], ["tile_0.ome.zarr", "tile_1.ome.zarr"]
for x in (0.0, 20.0):
    sims.append(si_utils.get_sim_from_array(np.zeros((1, 1, 10, 30, 60), "uint16"), dims=list("tczyx"), scale=dict.fromkeys("zyx", 1.0),
                                            translation=dict(z=0.0, y=0.0, x=x), transform_key="registered"))
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    (folder / "bin").mkdir()
    (folder / "bin/blockfuse").symlink_to(Path(binary()).resolve())
    environment = {k: v for k, v in os.environ.items() if k != "BLOCKFUSE_DB"} | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    work = folder / "work"
    work.mkdir()

    def run(text, status=0):
        end = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=work, env=environment, capture_output=True, text=True)
        assert end.returncode == status, f"{text}\nexit {end.returncode}\n{end.stdout}\n{end.stderr}"
        return end.stdout
    run.folder = work
    return run


def test_all_commands(shell):
    data_of_the_reader(shell.folder)
    shutil.copy(ROOT / "Examples/make_tiles.py", shell.folder)
    rng = np.random.default_rng(4)
    for i, x in enumerate((0.0, 20.0)):
        write_view(shell.folder / f"tile_{i}.ome.zarr", texture(rng, (1, 1, 10, 30, 60), "uint16"), [1, 1, 1], [0, 0, x])
    made = []
    for kind, text in BLOCKS:
        if kind == "python":
            (shell.folder / "from_sims.py").write_text(PYTHON_BEFORE.format(examples=str(ROOT / "Examples/MultiviewStitcher")) + text)
            shell(f"{sys.executable} from_sims.py")
        if kind == "sh":
            # what installs is tested with the wheel and the archive themselves
            lines = [line for line in text.splitlines() if not line.startswith(("make ", "pip install blockfuse", "tar -xf blockfuse"))]
            # what goes on until it is interrupted
            lines = [f"timeout -s INT 5 {line.split('#')[0]} --port 0 || [ $? -eq 124 ]" if line.startswith("blockfuse serve") else line for line in lines]
            shell("\n".join(lines))
            made += re.findall(r"--output (\S+)", text)
    assert len(made) >= 12
    for name in made:
        assert (shell.folder / name).exists(), name
    assert "complete" in shell("blockfuse status large") and "complete" in shell("blockfuse status")


def test_what_make_does_is_run_by_ci():
    """`make` builds for minutes, so it is not run once more here: CI runs these lines themselves."""
    ci = (ROOT / ".ci/run").read_text()
    lines = {line.split("#")[0].strip() for text in SHELL for line in text.splitlines() if line.startswith("make ")}
    assert lines == {"make demo", "make test"}
    for line in lines:
        assert re.search(rf"^{line}\b", ci, re.M), line


def test_the_tiles_to_try_are_fused_without_a_seam(shell):
    """Each tile is a part of one made-up plane, so that the fused image is that plane: a wrong place would show."""
    shutil.copy(ROOT / "Examples/make_tiles.py", shell.folder)
    shell("python3 make_tiles.py tried && blockfuse fuse tried/dataset.json --output tried.ome.zarr --quiet")
    fused = zarr.open(str(shell.folder / "tried.ome.zarr"))["0"][0, 0]
    assert fused.shape == (16, 370, 540) and fused.std() > 50
    for row, column in np.ndindex(2, 3):
        tile = zarr.open(str(shell.folder / f"tried/tile_{row}_{column}.ome.zarr"))["0"][:]
        assert np.abs(fused[:, row * 170:row * 170 + 200, column * 170:column * 170 + 200].astype(int) - tile).max() <= 1


def test_the_dataset_of_the_readme_is_one(shell):
    """Its two views, made as it says."""
    text = next(text for kind, text in BLOCKS if kind == "json")
    (shell.folder / "shown").mkdir()
    (shell.folder / "shown/dataset.json").write_text(text)
    for i in range(2):
        write_view(shell.folder / f"shown/tiles/tile_{i}.ome.zarr", np.full((1, 1, 8, 30, 200), 7, "uint16"), [1, 1, 1], [0, 0, 0])
    assert "views    2" in shell("blockfuse plan shown/dataset.json")


def test_links_lead_somewhere():
    for name in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)", name.read_text()):
            if not target.startswith("http"):
                assert (name.parent / target).exists(), f"{name.name}: {target}"


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_link_to_neuroglancer(shell, version):
    from urllib.parse import unquote
    from urllib.request import urlopen
    name = f"for neuroglancer {version}.ome.zarr"
    write_view(shell.folder / name, np.full((1, 1, 8, 30, 40), 7, "uint16"), [1, 1, 1], [0, 0, 0], version=version, channels=["GFP"])
    server = subprocess.Popen([sys.executable, str(ROOT / "Examples/neuroglancer_link.py"), name, "0"], cwd=shell.folder, stdout=subprocess.PIPE, text=True)
    try:
        state = json.loads(unquote(server.stdout.readline().split("#!")[1]))
        assert list(state["dimensions"]) == ["x", "y", "z"]
        source = state["layers"][0]["source"].removeprefix("zarr://")
        answer = urlopen(source + ("/.zattrs" if version == "0.4" else "/zarr.json"))
        assert answer.headers["Access-Control-Allow-Origin"] == "*" and "multiscales" in answer.read().decode()
    finally:
        server.terminate()


def test_the_python_of_the_docs_runs(shell):
    write_view(shell.folder / "python.ome.zarr", np.full((1, 1, 12, 30, 40), 7, "uint16"), [1, 1, 1], [0, 0, 0])
    (shell.folder / "python.json").write_text('{"views": [{"path": "python.ome.zarr"}]}')
    shell("blockfuse fuse python.json --output fused.ome.zarr --quiet")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/output.md").read_text(), re.S)
    assert len(blocks) == 2
    for text in blocks:
        (shell.folder / "from_docs.py").write_text(text + "assert plane.shape == (30, 40) and (plane == 7).all()\n")
        shell(f"{sys.executable} from_docs.py")


def test_the_sql_of_the_docs_runs(shell):
    import sqlite3
    write_view(shell.folder / "sql.ome.zarr", np.full((1, 1, 8, 30, 40), 7, "uint16"), [1, 1, 1], [0, 0, 0])
    (shell.folder / "sql.json").write_text('{"views": [{"path": "sql.ome.zarr", "transforms": {"r": [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}}]}')
    shell("blockfuse fuse sql.json --output sql.out.zarr --output-chunksize 16 --db sql.sqlite --quiet")
    statements = [s for block in re.findall(r"```sql\n(.*?)```", (ROOT / "docs/jobs.md").read_text(), re.S) for s in block.split(";") if s.strip()]
    assert len(statements) >= 7
    database = sqlite3.connect(f"file:{shell.folder / 'sql.sqlite'}?mode=ro", uri=True)
    rows = [len(database.execute(statement).fetchall()) for statement in statements]
    assert rows[0] == 1 and rows[1] >= 1 and rows[4] == rows[5] == rows[6] == 1, rows
