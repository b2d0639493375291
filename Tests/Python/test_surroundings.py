"""What stands around the program: pipes, ports, a reader of the database that never ends."""
import http.client, json, os, shutil, socket, sqlite3, subprocess, threading, time
import numpy as np, pytest
from conftest import binary, blockfuse, write_view


@pytest.fixture
def folder(tmp_path):
    write_view(tmp_path / "tile.zarr", np.arange(1024, dtype="u2").reshape(1, 1, 4, 16, 16), (1, 1, 1), (0, 0, 0))
    (tmp_path / "dataset.json").write_text('{"views": [{"path": "tile.zarr"}]}')
    return tmp_path


def shell(folder, line, **more):
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "B": binary()}, **more)


OPTIONS = '{"output_chunksize": 8, "fusion_func": "max_fusion"}'


@pytest.mark.parametrize("line", [
    f"""$B submit dataset.json --output out.ome.zarr --options <(echo '{OPTIONS}')""",
    f"""echo '{OPTIONS}' | $B submit dataset.json --output out.ome.zarr --options /dev/stdin""",
    f"""echo '{OPTIONS}' > o.json; $B submit dataset.json --output out.ome.zarr --options /dev/stdin < o.json; rm o.json""",
    f"""mkfifo pipe; (echo '{OPTIONS}' > pipe &); $B submit dataset.json --output out.ome.zarr --options pipe; rm pipe""",
])
def test_options_from_a_pipe(folder, line):
    end = shell(folder, line)
    assert end.returncode == 0, end.stderr
    # what comes next on that path is none of its business
    run = shell(folder, "echo '{}' | $B run")
    assert run.returncode == 0 and "options:" not in run.stderr and "options file" not in run.stderr, run.stderr
    status = json.loads(blockfuse(folder, "status", "--json"))
    assert status["levels"][0]["chunks"][-1] == 8 and status["state"] == "complete"


def test_a_port_that_another_program_has(folder):
    blockfuse(folder, "submit", "dataset.json", "--output", "out.ome.zarr")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        end = shell(folder, f"$B serve --port {port}", timeout=60)
    assert end.returncode == 1 and f"port {port}: Address already in use" in end.stderr, end.stderr
    assert "another program has it" in end.stderr and "--port 0" in end.stderr and "SocketError" not in end.stderr


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become one who may not")
def test_a_port_for_the_administrator(folder):
    blockfuse(folder, "submit", "dataset.json", "--output", "out.ome.zarr")
    end = shell(folder, "setpriv --bounding-set -all --inh-caps -all $B serve --port 80", timeout=60)
    if "cannot execute" in end.stderr or "setpriv" in end.stderr:
        pytest.skip("privileges cannot be dropped here")
    assert end.returncode == 1 and "Permission denied" in end.stderr and "ports below 1024" in end.stderr, end.stderr


def test_slow_clients_are_let_go(folder):
    """One sends nothing, one part of a request, one a byte now and then; another one is answered meanwhile, on one connection for longer."""
    blockfuse(folder, "submit", "dataset.json", "--output", "out.ome.zarr")
    server = subprocess.Popen([binary(), "serve", "--port", "0", "--quiet"], cwd=folder, stdout=subprocess.PIPE, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})
    try:
        port = int(server.stdout.readline().strip(" /\n").rsplit(":", 1)[1])
        connect = lambda: socket.create_connection(("127.0.0.1", port), timeout=30)
        slow, began = {name: connect() for name in ("nothing", "part", "drops")}, time.monotonic()
        slow["part"].sendall(b"GET / HTTP/1.1\r\nHost: loc")
        ended = {}
        client = http.client.HTTPConnection("127.0.0.1", port)
        while len(ended) < 3 and time.monotonic() < began + 25:
            try:
                slow["drops"].sendall(b"x" if "drops" not in ended else b"")
            except OSError:
                ended.setdefault("drops", time.monotonic() - began)
            for name, one in slow.items():
                one.settimeout(0.05)
                try:
                    if one.recv(100) == b"":
                        ended.setdefault(name, time.monotonic() - began)
                except TimeoutError:
                    pass
                except ConnectionError:
                    ended.setdefault(name, time.monotonic() - began)
            client.request("GET", "/", headers={"Connection": "keep-alive"})
            answer = client.getresponse()
            assert answer.status == 200 and answer.read().endswith(b"</html>\n"), ended
            time.sleep(0.3)
        assert sorted(ended) == ["drops", "nothing", "part"] and all(8 < seconds < 20 for seconds in ended.values()), ended
    finally:
        server.send_signal(2)
        assert server.wait() == 130


def test_a_log_that_grows_beside_a_reader_is_said(folder):
    """A program that was stopped while it read the database keeps its log from ever being folded in."""
    job = blockfuse(folder, "submit", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "4").strip()
    reader, writer = (sqlite3.connect(folder / "jobs.sqlite", isolation_level=None) for _ in range(2))
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM job").fetchall()
    writer.execute("CREATE TABLE other (bytes)")
    writer.execute("INSERT INTO other VALUES (zeroblob(40000000))")
    writer.execute("DROP TABLE other")
    assert os.path.getsize(folder / "jobs.sqlite-wal") > 33_000_000
    hold = folder / "hold"
    hold.touch()
    environment = {**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "BLOCKFUSE_FAULT": f"file-opening=hold:{hold}@3+"}
    run = subprocess.Popen([binary(), "run", job], cwd=folder, stderr=subprocess.PIPE, text=True, env=environment)
    # where nothing is said the run ends all the same
    threading.Timer(20, lambda: hold.unlink(missing_ok=True)).start()
    said = ""
    for line in run.stderr:
        said += line
        if "jobs.sqlite-wal, has grown to" in line:
            hold.unlink(missing_ok=True)
    assert run.wait() == 0 and "lsof" in said, said
    reader.close()
    writer.close()
    blockfuse(folder, "verify", job)
