"""The live pages in a real browser."""
import os, subprocess
import numpy as np, pytest
from browser import PROGRAM, Browser
from conftest import Mosaic, binary, blockfuse, texture

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")


@pytest.fixture
def served(tmp_path):
    mosaic = Mosaic(tmp_path, [2.0, 0.5, 0.5])
    mosaic.add(texture(np.random.default_rng(5), (1, 1, 20, 120, 120), "uint16"), [0, 0, 0], np.eye(4))
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "16")
    server = subprocess.Popen([binary(), "serve", "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              env={**os.environ, "BLOCKFUSE_DB": str(tmp_path / "jobs.sqlite")})
    browser = Browser()
    yield tmp_path, server.stdout.readline().strip(), browser, server
    browser.close()
    server.kill()
    server.wait()


def test_the_page_follows_the_job(served):
    folder, address, browser, server = served
    browser.open(address)
    browser.js("document.querySelector('a[href=\"/job/1\"]').click()")
    browser.wait("document.querySelector('h1 .state')?.textContent === 'pending'")
    browser.js("document.querySelector('#options').open = true")
    first = browser.js("document.querySelector('svg.views image').getAttribute('href')")
    browser.js("window.same = true")
    blockfuse(folder, "run", "--quiet")
    browser.wait("document.querySelector('h1 .state').textContent === 'complete'")
    # the same page, with what was opened still open; the picture follows
    assert browser.js("window.same && document.querySelector('#options').open")
    browser.wait(f"document.querySelector('svg.views image').getAttribute('href') !== '{first}'", seconds=60)
    browser.wait("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert {r.split("/")[2] for r in browser.requests} == {address.split("/")[2]}
    assert browser.complaints == []
    server.kill()
    browser.wait("document.querySelector('.live').textContent.includes('No answer')")


def test_the_state_of_each_job_is_seen_on_a_phone(served):
    folder, address, browser, server = served
    blockfuse(folder, "rename", "1", "the left half of a liver lobe")
    blockfuse(folder, "run", "--limit", "3", "--quiet")
    browser.open(address, width=390, height=844)
    assert browser.js("document.querySelector('.jobs .state').textContent") == "interrupted"
    right = browser.js("document.querySelector('.jobs .state').getBoundingClientRect().right")
    assert right <= browser.js("document.querySelector('.wide').getBoundingClientRect().right"), right
