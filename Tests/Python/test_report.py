"""Reports in a real browser."""
import json, shutil
from pathlib import Path
import html5lib, numpy as np, pytest
from browser import PROGRAM, Browser
from conftest import Mosaic, blockfuse, texture

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")
FOREIGN = "<img src=x onerror=\"document.title='taken over'\"><script>document.title='taken over'</script>"
# every picture is there, and the page is no wider than the window
IS_WHOLE = """[...document.images].every(i => i.complete && i.naturalWidth > 0)
  && document.documentElement.scrollWidth <= window.innerWidth"""


@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(3)
    mosaic = Mosaic(folder, [2.0, 0.5, 0.5])
    for i in range(2):
        matrix = np.eye(4)
        matrix[2, 3] = 30.0 * i
        mosaic.add(texture(rng, (1, 2, 20, 60, 80), "uint16"), [0, 0, 0], matrix, channels=["nuclei", FOREIGN])
    blockfuse(folder, "submit", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "16", "--name", FOREIGN)
    return folder


def report(browser, folder, name, **kwargs):
    blockfuse(folder, "report", "1", "--output", name)
    html5lib.HTMLParser(strict=True).parse((folder / name).read_text())
    browser.requests.clear(), browser.complaints.clear()
    browser.open((folder / name).as_uri(), **kwargs)
    assert browser.js(IS_WHOLE)
    # nothing was asked of anybody, nothing was run, nothing was refused
    assert [r for r in browser.requests if not r.startswith(("data:", "file:"))] == []
    assert browser.complaints == []
    assert "taken over" not in browser.js("document.title").replace(FOREIGN, "")
    assert browser.js("document.querySelector('h1').firstChild.textContent.trim()") == FOREIGN
    assert browser.js("document.querySelectorAll('script, img[onerror]').length") == 0
    return browser.js("document.querySelector('.state').textContent")


def brightness(browser, axis):
    """The mean of a shown picture, as the browser decodes it."""
    return browser.js(f"""(() => {{ const i = document.querySelector('figure.{axis} img'), c = document.createElement('canvas');
      c.width = i.naturalWidth; c.height = i.naturalHeight; const x = c.getContext('2d'); x.drawImage(i, 0, 0);
      const d = x.getImageData(0, 0, c.width, c.height).data; return d.reduce((a, b) => a + b, 0) / d.length; }})()""")


def test_every_state(browser, folder):
    assert report(browser, folder, "pending.html") == "pending"
    assert browser.js("document.querySelectorAll('img').length") == 0
    assert "once some blocks are done: blockfuse run 1" in browser.js("document.body.textContent")
    blockfuse(folder, "run", "1", "--limit", "40", "--quiet")
    assert report(browser, folder, "interrupted.html", dark=True) == "interrupted"
    assert browser.js("document.querySelectorAll('rect.cell.done, rect.cell[class*=part]').length") > 0
    assert brightness(browser, "z") > 255 / 4
    # a damaged input: blocks fail, and the page says which
    chunks = sorted(p for p in (folder / "view_1.ome.zarr" / "0").rglob("*") if p.is_file() and not p.name.startswith("."))
    for chunk in chunks[-8:]:
        shutil.copy(chunk, str(chunk) + ".whole")
        chunk.write_bytes(b"damaged")
    blockfuse(folder, "run", "1", "--quiet", status=3)
    assert report(browser, folder, "failed.html", width=390) == "failed"
    assert browser.js("document.querySelectorAll('rect.cell.failed').length") > 0
    assert browser.js("document.querySelector('.failures').textContent").count("damaged") >= 1
    for chunk in chunks[-8:]:
        Path(str(chunk) + ".whole").replace(chunk)
    blockfuse(folder, "retry", "1")
    blockfuse(folder, "run", "1", "--quiet")
    assert report(browser, folder, "complete.html") == "complete"
    assert all(brightness(browser, axis) > 255 / 4 + 5 for axis in "zyx")
    assert browser.js("document.querySelectorAll('.outlines path').length") == 2
    assert browser.js("document.querySelectorAll('.maps figure').length") >= 1
    # as wide as high as the volume is, and nothing beside it
    sides = browser.js("[...document.querySelectorAll('.pictures img')].map(i => [i.clientWidth / i.clientHeight, i.naturalWidth / i.naturalHeight])")
    assert len(sides) == 3 and all(abs(shown / made - 1) < 0.05 for shown, made in sides), sides


@pytest.mark.parametrize("width", [390, 800, 1600])
def test_no_width_is_too_small(browser, folder, width):
    report(browser, folder, "width.html", width=width)


def test_a_huge_job_is_a_small_page(browser, tmp_path):
    """400 views without a single chunk on disk, 44 TB when fused; some of it done."""
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}] + [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
    array = {"zarr_format": 2, "shape": [1, 1, 6000, 3200, 3200], "chunks": [1, 1, 128, 256, 256], "dtype": "<u2", "fill_value": 7, "order": "C", "filters": None,
             "dimension_separator": "/", "compressor": {"id": "zstd", "level": 1}}
    views = []
    for row in range(20):
        for column in range(20):
            path = tmp_path / f"tiles/{row}_{column}.ome.zarr"
            (path / "0").mkdir(parents=True)
            (path / ".zgroup").write_text('{"zarr_format": 2}')
            scale = {"type": "scale", "scale": [1, 1, 1.0, 0.5, 0.5]}
            (path / ".zattrs").write_text(json.dumps({"multiscales": [{"version": "0.4", "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": [scale]}]}]}))
            (path / "0/.zarray").write_text(json.dumps(array))
            matrix = [[1, 0, 0, 0], [0, 1, 0, 1440.2 * row], [0, 0, 1, 1440.4 * column], [0, 0, 0, 1]]
            views.append({"name": f"{row} {column}", "path": str(path), "transforms": {"r": matrix}})
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "128")
    blockfuse(tmp_path, "run", "--limit", "20", "--quiet")
    blockfuse(tmp_path, "report", "--output", "r.html")
    page = (tmp_path / "r.html").read_text()
    assert len(page) < 1_500_000
    html5lib.HTMLParser(strict=True).parse(page)
    for width in (390, 1200):
        browser.open((tmp_path / "r.html").as_uri(), width=width)
        assert browser.js(IS_WHOLE)
    assert browser.js("document.querySelectorAll('.outlines path').length") == 400
    assert browser.js("document.querySelector('.share').textContent").startswith("< 0.1 %")
