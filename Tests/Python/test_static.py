"""The program that has all its libraries inside (`make static`), alone in an empty root, on a host whose names come from
services that it cannot load, and as a wheel. BLOCKFUSE_STATIC names the program, BLOCKFUSE_WHEEL the wheel."""
import os, re, shutil, signal, subprocess, sys, time, urllib.request
from pathlib import Path
import h5py, numpy as np, pytest, tifffile, zarr
from conftest import Mosaic, binary, texture
from test_bigstitcher import N5, SIZE, shift, tile, write_n5, write_xml
from test_hdf5 import LOADER

PROGRAM = os.environ.get("BLOCKFUSE_STATIC")
WHEEL = os.environ.get("BLOCKFUSE_WHEEL")
REPOSITORY = Path(__file__).parents[2]
# no such services are there; glibc would load them as libraries of the host
NAMES = "passwd: files sss systemd\ngroup: sss\nhosts: files mdns4_minimal [NOTFOUND=return] myhostname resolve dns\nservices: sss\n"


def rooted():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


needs_program = pytest.mark.skipif(not PROGRAM, reason="BLOCKFUSE_STATIC names no program: make static")
needs_root = pytest.mark.skipif(not rooted(), reason="needs root and mounts of its own")
needs_wheel = pytest.mark.skipif(not WHEEL, reason="BLOCKFUSE_WHEEL names no wheel: make wheel")


class Root:
    """An empty root: the program, /proc and /dev, and /data with what is fused. Its user has no name."""

    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"
        for name in ["proc", "dev", "data", "etc"]:
            (folder / name).mkdir()
        folder.chmod(0o755)
        shutil.copy(PROGRAM, folder / "blockfuse")
        (folder / "etc/nsswitch.conf").write_text(NAMES)
        os.chown(self.data, 12345, 12345)

    def command(self, *arguments):
        """`chroot` by `unshare`, so that the mounts end with the program."""
        script = f"""mount -t proc proc '{self.folder}/proc' && mount --rbind /dev '{self.folder}/dev' && ulimit -s 256 && exec "$@" """
        start = [sys.executable, "-c", "import os, sys; os.chroot(sys.argv[1]); os.chdir('/data'); os.setgroups([]); os.setgid(12345); os.setuid(12345); os.execv('/blockfuse', ['blockfuse', *sys.argv[2:]])"]
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *start, str(self.folder), *map(str, arguments)]

    def start(self, *arguments, **settings):
        environment = {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "BLOCKFUSE_DB": "jobs.sqlite", "PATH": os.environ["PATH"]}
        return subprocess.Popen(self.command(*arguments), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings)

    def blockfuse(self, *arguments, status=0):
        process = self.start(*arguments)
        output, errors = process.communicate()
        assert process.returncode == status, f"{arguments}: exit {process.returncode}\n{output}\n{errors}"
        return output


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


@needs_program
def test_it_needs_nothing_of_the_system():
    end = subprocess.run([REPOSITORY / "scripts/check-static.sh", PROGRAM], capture_output=True, text=True)
    assert end.returncode == 0, end.stderr
    # the check itself sees a program that does
    assert subprocess.run([REPOSITORY / "scripts/check-static.sh", sys.executable], capture_output=True).returncode != 0


def sources(folder):
    """The same two tiles in each format: a name and the dataset's file."""
    tiles = [tile(1), tile(2)]
    views = {(0, 0): [shift(0)], (0, 1): [shift(20, 3)]}
    mosaic = Mosaic(folder, [1.0, 1.0, 1.0])
    for i, data in enumerate(tiles):
        matrix = np.eye(4)
        matrix[1:3, 3] = [3 * i, 20 * i]
        mosaic.add(data[None, None], [0, 0, 0], matrix)
        write_n5(folder / f"data.n5/setup{i}/timepoint0/s0", data)
    write_xml(folder / "n5.xml", N5, views)
    text = (folder / "n5.xml").read_text().replace("UTF-8", "ISO-8859-1").replace("<name>GFP</name>", "<name>Grün µ</name>")
    (folder / "latin.xml").write_bytes(text.encode("latin-1"))
    (folder / "windows.xml").write_bytes(text.replace("ISO-8859-1", "windows-1252").encode("cp1252"))
    (folder / "utf16.xml").write_bytes(text.replace("ISO-8859-1", "UTF-16").encode("utf-16"))
    with h5py.File(folder / "data.h5", "w") as file:
        for i, data in enumerate(tiles):
            file.create_dataset(f"t00000/s{i:02}/0/cells", data=data.astype("<i2"), chunks=(4, 8, 9), compression="gzip")
    write_xml(folder / "hdf5.xml", LOADER, views)
    for i, data in enumerate(tiles):
        tifffile.imwrite(folder / f"tile_{i}.tif", data, compression="zlib" if i else None)
    (folder / "TileConfiguration.txt").write_text("dim = 3\ntile_0.tif; ; (0, 0, 0)\ntile_1.tif; ; (20, 3, 0)\n")
    return ["dataset.json", "n5.xml", "latin.xml", "windows.xml", "utf16.xml", "hdf5.xml", "TileConfiguration.txt"]


@needs_program
@needs_root
def test_alone_it_reads_every_format_as_the_program_with_libraries_does(root):
    datasets = sources(root.data)
    assert root.blockfuse("--version") == subprocess.run([binary(), "--version"], capture_output=True, text=True).stdout
    for dataset in datasets:
        root.blockfuse("fuse", dataset, "--output", f"{dataset}.in.zarr", "--quiet")
        subprocess.run([binary(), "fuse", dataset, "--db", "other.sqlite", "--output", f"{dataset}.out.zarr", "--quiet"], cwd=root.data, check=True)
        inside, outside = (zarr.open_group(root.data / f"{dataset}.{where}.zarr", mode="r") for where in ("in", "out"))
        assert (inside["0"][:] == outside["0"][:]).all() and inside["0"][:].max() > 200, dataset
        files = [sorted(p.relative_to(root.data / f"{dataset}.{where}.zarr") for p in (root.data / f"{dataset}.{where}.zarr").rglob("*")) for where in ("in", "out")]
        assert files[0] == files[1]
    assert zarr.open_group(root.data / "latin.xml.in.zarr", mode="r").attrs["omero"]["channels"][0]["label"] == "Grün µ"


@needs_program
@needs_root
def test_alone_it_is_killed_goes_on_and_shows(root):
    mosaic = Mosaic(root.data, [2.0, 0.5, 0.5])
    mosaic.add(texture(np.random.default_rng(5), (1, 1, 40, 400, 400), "uint16"), [0, 0, 0], np.eye(4))
    root.blockfuse("submit", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "16")
    run = root.start("run", "1")
    while not list(root.data.glob("out.ome.zarr/0/0/0/1/*/*")):
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.01)
    # the chain of sh and unshare became the program itself
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert "interrupted" in root.blockfuse("status", "1")
    # tasks start the program by its path
    assert re.search(r"[ '\"=]/blockfuse['\" ]", root.blockfuse("slurm", "1", "--tasks", "2", "--dry-run"))
    root.blockfuse("run", "1", "--quiet")
    assert "complete" in root.blockfuse("status", "1")
    root.blockfuse("verify", "1")
    found = zarr.open_group(root.data / "out.ome.zarr", mode="r")["0"][:]
    assert (found == zarr.open_group(root.data / "view_0.ome.zarr", mode="r")["0"][:]).all()
    root.blockfuse("preview", "1", "--output", "out.png")
    assert (root.data / "out.png").read_bytes().startswith(b"\x89PNG")
    root.blockfuse("report", "1", "--output", "out.html")
    assert "</html>" in (root.data / "out.html").read_text()
    server = root.start("serve", "--port", "0")
    try:
        address = re.search(r"http://\S+", server.stdout.readline())[0]
        assert "complete" in urllib.request.urlopen(address + "job/1", timeout=20).read().decode()
    finally:
        server.terminate()
        server.communicate()


@needs_wheel
@needs_program
def test_the_wheel_brings_the_program(tmp_path):
    def shell(*command):
        return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}).stdout

    shell(sys.executable, "-m", "venv", "fresh")
    shell("fresh/bin/pip", "install", "--no-index", WHEEL)
    version = shell(PROGRAM, "--version")
    assert shell("fresh/bin/blockfuse", "--version") == version
    assert shell("fresh/bin/python", "-m", "blockfuse", "--version") == version
    assert "USAGE: blockfuse" in shell("fresh/bin/blockfuse", "--help")
    installed = shell("fresh/bin/python", "-c", "import blockfuse; print(blockfuse.program_path())").strip()
    assert Path(installed).read_bytes() == Path(PROGRAM).read_bytes()
    # where the installer's own list is not right
    shell("fresh/bin/pip", "install", "--no-index", "--target", "apart", WHEEL)
    other = shell("env", "PYTHONPATH=apart", sys.executable, "-c", "import blockfuse; print(blockfuse.program_path())").strip()
    assert other == str((tmp_path / "apart/bin/blockfuse").resolve())
    status = subprocess.run([tmp_path / "fresh/bin/python", "-m", "blockfuse", "status", "--db", "none.sqlite"], capture_output=True, cwd=tmp_path).returncode
    assert status == subprocess.run([PROGRAM, "status", "--db", "none.sqlite"], capture_output=True, cwd=tmp_path).returncode != 0
    shell("fresh/bin/pip", "uninstall", "-y", "blockfuse")
    assert not (tmp_path / "fresh/bin/blockfuse").exists()
