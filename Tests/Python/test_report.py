"""Reports in a real browser."""
import shutil
from pathlib import Path
import numpy as np, pytest
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
    assert brightness(browser, "z") == 255 / 4  # black, and opaque
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


@pytest.mark.parametrize("width", [390, 800, 1600])
def test_no_width_is_too_small(browser, folder, width):
    report(browser, folder, "width.html", width=width)
