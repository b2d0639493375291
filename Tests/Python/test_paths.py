"""What is no path of a local file is refused by name, wherever one is given; and names of databases, however short."""
import json, os, subprocess
import numpy as np, pytest
from conftest import binary, blockfuse, write_view
from test_hdf5 import run

ADDRESSES = ["s3://bucket/key", "gs://bucket/a.zarr", "http://host/a.zarr", "https://host/a.zarr", "s3+https://host/bucket/key",
             "S3://bucket/key", "az://container/a", "simplecache::s3://bucket/key"]
# a command line in which the path stands for %
COMMANDS = ["plan %", "plan dataset.json --output %", "plan dataset.json --output=%", "submit % --output o.zarr", "submit dataset.json --output %", "submit dataset.json -o %",
            "fuse % --output o.zarr", "fuse dataset.json --output=%", "fuse dataset.json --output o.zarr --options %", "convert % new.json", "convert dataset.json %",
            "preview --output %", "report --output %", "backup %", "work % --task 0 --tasks 1", "collect --order %", "list --db %", "list --db=%", "run --db %",
            "fuse dataset.json --output o.zarr --db %", "serve --db %", "slurm --tasks 2 --dry-run --program %"]


@pytest.fixture
def folder(tmp_path):
    write_view(tmp_path / "tile.zarr", np.ones((1, 1, 4, 8, 8), "u2"), (1, 1, 1), (0, 0, 0))
    (tmp_path / "dataset.json").write_text('{"views": [{"path": "tile.zarr"}]}')
    return tmp_path


def refused(folder, line, path, *words):
    before = sorted(os.listdir(folder))
    end = run(folder, *[word.replace("%", path) for word in line.split()])
    assert end.returncode == 64, f"{line}: exit {end.returncode}\n{end.stderr}"
    assert all(word in end.stderr for word in words), f"{line}: {end.stderr}"
    assert sorted(os.listdir(folder)) == before, line
    return end.stderr


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command(folder, line):
    blockfuse(folder, "submit", "dataset.json", "--output", "job.zarr")
    for address in ADDRESSES if line in ("plan %", "fuse dataset.json --output=%") else ADDRESSES[:1]:
        refused(folder, line, address, address, "not supported yet", "mount")
    refused(folder, line, "file:///data/my%20tiles", "file:///data/my%20tiles", "plain path: /data/my tiles")
    refused(folder, line, "~/x", "~/x", "$HOME/x")
    refused(folder, line, "~nobody-here/x", "~nobody-here/x", "whole path")
    for path in [" "] if line.endswith("=%") else ["", "\t "]:
        refused(folder, line, path, "the path")


def test_the_database_of_the_environment(folder):
    for path, word in [("s3://bucket/jobs.sqlite", "not supported yet"), ("~/jobs.sqlite", "$HOME"), (" ", "nothing but spaces")]:
        end = subprocess.run([binary(), "list"], cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": path})
        assert end.returncode == 64 and "BLOCKFUSE_DB" in end.stderr and word in end.stderr, end.stderr


@pytest.mark.parametrize("path", ["s3://bucket/tile.zarr", "file:///data/tile.zarr", "~/tile.zarr", " "])
@pytest.mark.parametrize("kind", ["json", "list", "list in JSON", "TileConfiguration", "XML"])
def test_images_of_a_dataset(folder, kind, path):
    if path == " " and kind != "json":
        return
    text = {
        "json": json.dumps({"views": [{"path": "tile.zarr"}, {"name": "second", "path": path}]}),
        "list": f"tile.zarr\n{path}\n", "list in JSON": json.dumps(["tile.zarr", path]),
        "TileConfiguration": f"dim = 3\ntile.zarr; ; (0, 0, 0)\n{path}; ; (1, 0, 0)\n",
        "XML": '<SpimData version="0.2"><BasePath type="relative">.</BasePath><SequenceDescription><ImageLoader format="bdv.multimg.zarr" version="3.0"><zarr type="relative">.</zarr>'
               f'<zgroups><zgroup setup="0" tp="0" path="{path}" indicies="[0 0]"/></zgroups></ImageLoader></SequenceDescription></SpimData>'}[kind]
    (folder / "given").write_text(text)
    refused(folder, "plan given", "", path.strip() or "spaces", "given")


def test_a_home_folder_in_a_dataset(folder):
    """No shell reads a file, so that neither $HOME nor another way to write an option is of any help."""
    (folder / "given").write_text("tile.zarr\n~/tile.zarr\n")
    message = refused(folder, "plan given", "", "a ~ is not replaced in a file", "write the whole path")
    assert "$HOME" not in message and "shell" not in message, message


ENDINGS = ["tif", "tiff", "ome.tif", "TIF", "btf", "h5", "hdf5", "n5", "ims", "png", "jpg", "xml", "json", "zarr.zip", "mrc", "npy"]


@pytest.mark.parametrize("command", ["submit", "fuse", "plan"])
def test_outputs_named_as_other_formats(folder, command):
    for ending in ENDINGS:
        refused(folder, f"{command} dataset.json --output %", f"fused.{ending}", f".{ending.split('.')[-1].lower()}", "fused", ".ome.zarr", "OME-Zarr")
    refused(folder, f"{command} dataset.json --output %", "fused.tif/", ".tif")


@pytest.mark.parametrize("name", ["o", "o.ome.zarr", "fused.n5.ome.zarr", "sample 1.5", "run.2024", ".tif", "out", "./s3:/x", "ö", "a/b"])
def test_outputs_that_are_fine(folder, name):
    blockfuse(folder, "fuse", "dataset.json", "--output", name, "--quiet")
    assert (folder / name / ".zattrs").is_file()
    assert json.loads(blockfuse(folder, "status", "--json"))["state"] == "complete"


@pytest.mark.parametrize("name", ["j", "jo", "j.s", "ö", "./j", "a/j", "/j", "j/"])
def test_databases_that_are_not_there(tmp_path, name):
    commands = ["list"] if name != "j" else ["list", "status", "run", "resume", "verify", "blocks", "retry", "order", "collect", "serve", "slurm", "backup copy",
                                             "report -o r.html", "preview -o p.png"]
    for command in commands:
        end = run(tmp_path, *command.split(), "--db", name)
        assert end.returncode == 10, f"{command}: exit {end.returncode}\n{end.stderr[:500]}"
        assert "error:" in end.stderr and name.strip("./") in end.stderr, end.stderr[:500]
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", [".", "..", "/", "a", "a/"])
def test_databases_that_are_folders(tmp_path, name):
    (tmp_path / "a").mkdir()
    end = run(tmp_path, "list", "--db", name)
    assert end.returncode == 64 and "it is a folder" in end.stderr, end.stderr[:500]


@pytest.mark.parametrize("name", ["j", "jo", "ö", "j.s", "a/j"])
def test_databases_of_short_names_are_made(folder, name):
    (folder / "a").mkdir()
    blockfuse(folder, "fuse", "dataset.json", "--output", "o", "--db", name, "--quiet")
    assert (folder / name).is_file()
    assert json.loads(blockfuse(folder, "list", "--db", name, "--json"))[0]["state"] == "complete"
