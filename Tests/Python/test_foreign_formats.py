"""NDTiff and Imaris look like TIFF and HDF5, and would be read as something else: refused by their names, however they are
given. Their files are built here from what the formats say, and are known as NDTiff by tifffile."""
import json, struct, subprocess
import h5py, numpy as np, pytest, tifffile
from conftest import binary

PLANE = np.arange(40 * 52, dtype="uint16").reshape(40, 52)


def write_ndtiff(folder, version=3):
    """Two planes and their index; version 1 has an index in the file, and the mark of the format further behind."""
    folder.mkdir(parents=True, exist_ok=True)
    summary = json.dumps({"PixelType": "GRAY16"}).encode()
    marks = {1: struct.pack("<IIIIIIII", 54773648, 0, 483765892, 0, 483729, 1, 2355492, len(summary)),
             2: struct.pack("<IIII", 483729, 2, 2355492, len(summary)),
             3: struct.pack("<IIIII", 483729, 3, 3, 2355492, len(summary))}[version]
    head = bytearray(b"II*\0" + struct.pack("<I", 0) + marks + summary)
    index = b""
    link = 4
    for z in range(2):
        data = (PLANE + z).tobytes()
        at = len(head)
        head += data + b'{"Z": 0}'
        struct.pack_into("<I", head, link, len(head))
        tags = [(256, 4, 52), (257, 4, 40), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, at), (277, 3, 1), (278, 4, 40), (279, 4, len(data))]
        entries = [struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags] + [struct.pack("<HHII", 51123, 2, 8, at + len(data))]
        head += struct.pack("<H", len(entries)) + b"".join(entries)
        link = len(head)
        head += struct.pack("<I", 0)
        axes, name = json.dumps({"z": z}).encode(), b"scan_NDTiffStack.tif"
        index += struct.pack("<I", len(axes)) + axes + struct.pack("<I", len(name)) + name + struct.pack("<IiiiiIii", at, 52, 40, 1, 0, at, 0, 0)
    (folder / "scan_NDTiffStack.tif").write_bytes(head)
    if version > 1:
        (folder / "NDTiff.index").write_bytes(index)
    return folder / "scan_NDTiffStack.tif"


def write_imaris(path):
    """An image of 30 x 40 x 52 in chunks that are filled up with zeros."""
    with h5py.File(path, "w") as file:
        file.attrs["ImarisDataSet"] = np.frombuffer(b"ImarisDataSet", "S1")
        file.create_group("DataSetInfo/Image").attrs["X"] = np.frombuffer(b"52", "S1")
        data = np.zeros((32, 64, 64), "uint16")
        data[:30, :40, :52] = 1000
        file.create_dataset("DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data", data=data, chunks=(16, 32, 32))
    return path


def refused(folder, dataset, name):
    for command in (["plan", dataset], ["submit", dataset, "--output", folder / "out.zarr", "--db", folder / "jobs.sqlite"]):
        end = subprocess.run([binary(), *map(str, command)], cwd=folder, capture_output=True, text=True)
        assert end.returncode == 64 and name in end.stderr and "convert" in end.stderr, end.stderr
    return end.stderr


def routes(folder, image, entry):
    """Everything that may lead to an image, as it is given on the command line."""
    (folder / "list.txt").write_text(f"{image}\n")
    (folder / "list.json").write_text(json.dumps([str(image)]))
    (folder / "dataset.json").write_text(json.dumps({"views": [{"path": str(image), **entry}]}))
    (folder / "TileConfiguration.txt").write_text(f"dim = 2\n{image}; ; (0, 0)\n")
    return ["list.txt", "list.json", "dataset.json", "TileConfiguration.txt", image]


def write_xml(folder, loader):
    matrix = "1 0 0 0 0 1 0 0 0 0 1 0"
    (folder / "dataset.xml").write_text(
        f'<?xml version="1.0"?><SpimData version="0.2"><BasePath type="relative">.</BasePath><SequenceDescription>{loader}<ViewSetups><ViewSetup><id>0</id>'
        '<size>52 40 30</size><voxelSize><unit>um</unit><size>1 1 1</size></voxelSize><attributes><channel>0</channel></attributes></ViewSetup>'
        '<Attributes name="channel"><Channel><id>0</id><name>0</name></Channel></Attributes></ViewSetups><Timepoints type="pattern"><integerpattern>0</integerpattern></Timepoints>'
        f'</SequenceDescription><ViewRegistrations><ViewRegistration timepoint="0" setup="0"><ViewTransform type="affine"><affine>{matrix}</affine></ViewTransform>'
        "</ViewRegistration></ViewRegistrations></SpimData>")
    return "dataset.xml"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_ndtiff(tmp_path, version):
    file = write_ndtiff(tmp_path / "scan", version)
    with tifffile.TiffFile(file) as tif:
        assert tif.micromanager_metadata["MajorVersion"] == version and len(tif.pages) == 2
    for dataset in routes(tmp_path, file, {}):
        assert str(file) in refused(tmp_path, dataset, "NDTiff")
    refused(tmp_path, tmp_path / "scan", "NDTiff")


@pytest.mark.parametrize("inner", ["scan", "scan/Full resolution"])
def test_ndtiff_folders(tmp_path, inner):
    write_ndtiff(tmp_path / inner, 2)
    for dataset in routes(tmp_path, tmp_path / "scan", {}) + [tmp_path / "scan"]:
        refused(tmp_path, dataset, "NDTiff")
    refused(tmp_path, tmp_path / inner / "NDTiff.index", "NDTiff")
    for name in ["list.txt", "list.json", "dataset.json", "TileConfiguration.txt"]:
        (tmp_path / name).unlink()
    refused(tmp_path, tmp_path, "NDTiff")
    xml = write_xml(tmp_path, '<ImageLoader format="bdv.multimg.zarr" version="3.0"><zarr type="relative">.</zarr><zgroups>'
                              f'<zgroup setup="0" tp="0" path="{inner}" indicies="[]"/></zgroups></ImageLoader>')
    refused(tmp_path, xml, "NDTiff")


def test_imaris(tmp_path):
    file = write_imaris(tmp_path / "image.ims")
    data = "DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data"
    place = {"spacing": {"z": 1, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0}}
    for entry in [{}, {"dataset": data, **place}]:
        for dataset in routes(tmp_path, file, entry):
            assert str(file) in refused(tmp_path, dataset, "Imaris")
    (tmp_path / "tiles").mkdir()
    write_imaris(tmp_path / "tiles/a.ims")
    refused(tmp_path, "tiles", "Imaris")
    # left out without a word, it would be missed
    tifffile.imwrite(tmp_path / "tiles/b.tif", PLANE)
    refused(tmp_path, "tiles", "Imaris")
    refused(tmp_path, write_xml(tmp_path, '<ImageLoader format="bdv.hdf5"><hdf5 type="relative">image.ims</hdf5></ImageLoader>'), "Imaris")
    (tmp_path / "image.ims").rename(tmp_path / "image.h5")
    refused(tmp_path, "image.h5", "Imaris")


def test_files_that_only_stand_beside_them_are_read(tmp_path):
    """An image saved into the folder of a scan, and any other HDF5 file."""
    write_ndtiff(tmp_path / "scan", 3)
    tifffile.imwrite(tmp_path / "scan/saved.tif", PLANE)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["DataSet"] = PLANE
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"path": "scan/saved.tif"}, {
        "path": "a.h5", "dataset": "DataSet", "spacing": {"y": 1, "x": 1}, "origin": {"y": 0, "x": 60}}]}))
    end = subprocess.run([binary(), "plan", "dataset.json"], cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 0, end.stderr
