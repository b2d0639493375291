"""preserve_anisotropy: the output's z spacing has the ratio to y and x that the views have."""
import numpy as np, pytest, zarr
from conftest import Mosaic
from test_bigstitcher import CALIBRATION, N5, shift, tile, write_n5, write_xml
from test_physical_size import placed, plan

PRESERVE = "--preserve-anisotropy"
TURNED = [0, 0, 1, 0, 0, 1, 0, 0, -1, 0, 0, 0]  # by 90 degrees about y, x y z rows


def mosaic(folder, *views, shape=(1, 1, 12, 40, 40)):
    """`views`: their spacings, z y x."""
    made = Mosaic(folder, views[0])
    for i, spacing in enumerate(views):
        data = np.random.default_rng(i).integers(1, 250, shape).astype("uint8")
        made.add(data, [0.0, 0.0, 7.0 * i][3 - len(spacing):], np.eye(len(spacing) + 1), spacing=spacing)
    return made


def spacing(folder, *flags, dataset="dataset.json"):
    found = plan(folder, str(folder / dataset), *flags)[0]["spacing_world"]
    return [found[a] for a in "zyx"]


def same(folder, dataset, first, second):
    """The same voxels and places."""
    from conftest import blockfuse
    for name, flags in (("a", first), ("b", second)):
        blockfuse(folder, "fuse", dataset, "--output", f"{name}.ome.zarr", "--quiet", *flags)
    a, b = (zarr.open_group(str(folder / f"{n}.ome.zarr"), mode="r") for n in "ab")
    assert a["0"][:].any() and np.array_equal(a["0"][:], b["0"][:])
    assert placed(str(folder / "a.ome.zarr")) == placed(str(folder / "b.ome.zarr"))
    return placed(str(folder / "a.ome.zarr"))


def test_z_follows_y_and_x(tmp_path):
    mosaic(tmp_path, [2.0, 0.5, 0.5], [2.0, 0.5, 0.5])
    assert spacing(tmp_path, "--output-spacing", "y=1,x=1") == [2, 1, 1]
    assert spacing(tmp_path, PRESERVE) == [2, 0.5, 0.5]
    assert spacing(tmp_path, "--output-spacing", "y=1,x=3", PRESERVE) == [8, 1, 3]
    found = same(tmp_path, "dataset.json", ["--output-spacing", "y=1,x=1", PRESERVE], ["--output-spacing", "z=4,y=1,x=1"])
    assert list(found[1]) == [4, 1, 1]


def test_the_mean_of_all_views(tmp_path):
    mosaic(tmp_path, [2.0, 0.5, 0.5], [1.0, 0.5, 0.5], [0.8, 0.3, 0.5])
    assert spacing(tmp_path, PRESERVE) == pytest.approx([(4 + 2 + 2) / 3 * 0.5, 0.5, 0.5])
    # of those that are fused
    assert spacing(tmp_path, PRESERVE, "--views", "view_1") == [1, 0.5, 0.5]


def test_a_calibration_in_the_transforms_counts(tmp_path):
    # the second view is turned: its z is the world's x
    views = {(0, 0): [CALIBRATION], (0, 1): [shift(5), TURNED, CALIBRATION]}
    write_xml(tmp_path / "dataset.xml", N5, views)
    for _, s in views:
        write_n5(tmp_path / f"data.n5/setup{s}/timepoint0/s0", tile(s))
    assert spacing(tmp_path, dataset="dataset.xml") == [1, 1, 1]
    assert spacing(tmp_path, PRESERVE, dataset="dataset.xml") == [2, 1, 1]
    same(tmp_path, "dataset.xml", [PRESERVE], ["--output-spacing", "z=2,y=1,x=1"])


def test_one_plane_has_no_spacing(tmp_path):
    made = mosaic(tmp_path, [2.0, 0.5, 0.5])
    made.add(np.ones((1, 1, 1, 40, 40), "uint8"), [4.0, 0.0, 0.0], np.eye(4), spacing=[50.0, 0.5, 0.5])
    assert spacing(tmp_path, PRESERVE) == [2, 0.5, 0.5]
    said = plan(tmp_path, str(tmp_path / "dataset.json"), PRESERVE, "--views", "view_1", status=64)[1]
    assert "no view has more than one plane" in said


@pytest.mark.parametrize("flags", [["--output-spacing", "z=3"], ["--output-spacing", "2"]])
def test_two_answers_are_refused(tmp_path, flags):
    mosaic(tmp_path, [2.0, 0.5, 0.5])
    said = plan(tmp_path, str(tmp_path / "dataset.json"), PRESERVE, *flags, status=64)[1]
    assert "preserve_anisotropy" in said and "output_spacing gives it, too" in said and "such as y=2,x=2" in said


def test_what_it_does_not_fit(tmp_path):
    mosaic(tmp_path, [0.5, 0.5], shape=(1, 1, 40, 40))
    assert "the images are 2D" in plan(tmp_path, str(tmp_path / "dataset.json"), PRESERVE, status=64)[1]
    mosaic(tmp_path, [2.0, 0.5, 0.5])
    whole = '{"spacing": {"z": 1, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0}, "shape": {"z": 4, "y": 9, "x": 9}}'
    found, said = plan(tmp_path, str(tmp_path / "dataset.json"), PRESERVE, "--output-stack-properties", whole)
    assert found["spacing"] == {"z": 1, "y": 1, "x": 1} and "output_stack_properties decides; not used: preserve_anisotropy" in said
