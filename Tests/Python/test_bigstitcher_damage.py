"""An XML of BigStitcher, and N5, that are wrong or damaged."""
import json
import pytest
from conftest import blockfuse
from test_bigstitcher import CODECS, N5, recompress_lz4, refused, shift, tile, write_n5, write_xml

@pytest.mark.parametrize("content, words", [
    ("<?xml version='1.0' encoding='Shift_JIS'?><SpimData/>".encode(), ["Shift_JIS", "UTF-8"]),
    ("<?xml version='1.0' encoding='utf-16'?><SpimData/>".encode(), ["declaration says UTF-16, which it is not"]),
    ('<?xml version="1.0" encoding="UTF-8"?>\n<SpimData a="µ"/>'.encode("latin-1"), ["line 2", "not UTF-8"]),
    ('<?xml version="1.0" encoding="US-ASCII"?>\n<SpimData a="µ"/>'.encode("latin-1"), ["line 2", "ASCII"]),
    ('<SpimData a="µ"/>'.encode("latin-1"), ["line 1", "not UTF-8"]),
    (b"\xff\xfe" + "<SpimData/>".encode("utf-16-le")[:-1], ["UTF-16"]),
    (b"\xff\xfe" + "<SpimData>".encode("utf-16-le") + b"\x00\xd8\x00\x00", ["UTF-16"]),
    (b"\xff\xfe" + '<!DOCTYPE a [<!ENTITY a "aaaa">]><SpimData/>'.encode("utf-16-le"), ["document type"]),
    ('<SpimData version="0.2">'.encode("utf-32"), ["UTF-32"]),
    (b"<SpimData>\0</SpimData>", ["line 1"]),
])
def test_encodings_that_are_wrong(tmp_path, content, words):
    (tmp_path / "dataset.xml").write_bytes(content)
    message = refused(tmp_path)
    assert all(word in message for word in words), message


@pytest.mark.parametrize("find, put, words", [
    ("<SpimData", "<TeraStitcher", ["line", "XML"]),
    ('format="bdv.n5"', 'format="spimreconstruction.filemap2"', ["line 2, ImageLoader", "spimreconstruction.filemap2", "resave"]),
    ("</SequenceDescription>", "", ["dataset.xml", "line"]),
    ("1 0 0 0 0 1 0 0 0 0 1 0", "1 0 0 0 0 1 0 0 0 0 1", ["affine", "12 numbers"]),
    ("1 0 0 0 0 1 0 0 0 0 1 0", "0 0 0 0 0 0 0 0 0 0 0 0", ["setup0", "singular"]),
    ('type="affine"', 'type="generic"', ["ViewTransform", "generic"]),
    ("<last>0</last>", "<last>999999999</last>", ["Timepoints"]),
    ("<last>0</last>", "<last>1</last>", ["ViewRegistrations", "time point 1"]),
    ('<n5 type="relative">', '<n5 type="relative">s3://bucket/', ["\"s3\"", "local"]),
    ("data.n5<", "~/data.n5<", ["line 2, n5", "a ~ is not replaced in a file"]),
    ("<SpimData", '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><SpimData', ["line 2", "document type"]),
    ("<id>0</id><size>", "<id>-1</id><size>", ["id", "whole number"]),
    ("data.n5<", "elsewhere.n5<", ["elsewhere.n5"]),
])
def test_what_is_wrong_is_named(tmp_path, find, put, words):
    write_n5(tmp_path / "data.n5/setup0/timepoint0/s0", tile(1))
    path = tmp_path / "dataset.xml"
    write_xml(path, N5, {(0, 0): [shift(0)]})
    text = path.read_text()
    assert find in text
    path.write_text(text.replace(find, put))
    message = refused(tmp_path)
    assert all(word in message for word in words), message


@pytest.mark.parametrize("change, words", [
    (lambda a: a.update(compression={"type": "jpeg"}), ["jpeg"]), (lambda a: a.update(dataType="string"), ["string"]),
    (lambda a: a.update(blockSize=[1 << 30] * 3), ["chunk"]), (lambda a: a.update(dimensions=[10, 20]), ["entries for 2 axes"]),
    (lambda a: a.update(dimensions=[1 << 40] * 3), ["absurdly large"]), (lambda a: a.pop("blockSize"), ["blockSize"]),
])
def test_n5_metadata_that_are_wrong(tmp_path, change, words):
    folder = tmp_path / "data.n5/setup0/timepoint0/s0"
    write_n5(folder, tile(1))
    write_xml(tmp_path / "dataset.xml", N5, {(0, 0): [shift(0)]})
    attributes = json.loads((folder / "attributes.json").read_text())
    change(attributes)
    (folder / "attributes.json").write_text(json.dumps(attributes))
    message = refused(tmp_path)
    assert "setup0" in message and all(word in message for word in words), message


@pytest.mark.parametrize("codec", [*CODECS, "lz4"])
def test_damaged_n5_blocks_fail_and_are_named(tmp_path, codec):
    folder = tmp_path / "data.n5/setup0/timepoint0/s0"
    write_n5(folder, tile(1), CODECS.get(codec, CODECS["raw"]))
    if codec == "lz4":
        recompress_lz4(folder)
    block = folder / "1/1/1"
    block.write_bytes(block.read_bytes()[:-9])
    write_xml(tmp_path / "dataset.xml", N5, {(0, 0): [shift(0)]})
    blockfuse(tmp_path, "fuse", "dataset.xml", "--output", "out.zarr", "--quiet", status=3)
    failed = blockfuse(tmp_path, "blocks", "--state", "failed", "--json")
    assert "1/1/1" in blockfuse(tmp_path, "blocks", "--block", ",".join(map(str, json.loads(failed.splitlines()[0])["block"]))), failed


@pytest.mark.parametrize("find, put, words", [
    ("<size>26 22 10</size>", "<size>26 22</size>", ["size", "3 numbers"]), ('<ViewSetup><id>1<', "<ViewSetup><id>0<", ["two setups 0"]),
    ('timepoint="0" setup="1"', 'timepoint="0" setup="0"', ["two for time point 0"]), ('setup="1"', 'setup="x"', ["ViewRegistration", "\"x\""]),
    ("</SpimData>", "", ["line"]), ('type="range"', 'type="odd"', ["Timepoints", "odd"]), ('<ImageLoader format="bdv.n5" version="1.0"><n5 type="relative">data.n5</n5></ImageLoader>', "", ["ImageLoader", "missing"]), ("<ImageLoader", "<Loader", ["closed by another name"]),
    ('<n5 type="relative">data.n5</n5>', "", ["n5", "missing"]), ("<SequenceDescription>", "<SequenceDescription>&entity;", ["line"]), ("1 0 0 20", "1 0 0 nan", ["affine", "12 numbers"]),
    ("<?xml", "\x01<?xml", ["line"]), ('encoding="UTF-8"?>', 'encoding="UTF-8"?><!--', ["line"]),
    ("<ViewRegistrations>", "<ViewRegistrations><ViewRegistration/>", ["ViewRegistration", "timepoint"]),
])
def test_xml_that_is_damaged(tmp_path, find, put, words):
    for s in range(2):
        write_n5(tmp_path / f"data.n5/setup{s}/timepoint0/s0", tile(s))
    path = tmp_path / "dataset.xml"
    write_xml(path, N5, {(0, s): [shift(20 * s)] for s in range(2)})
    text = path.read_text()
    assert find in text
    path.write_text(text.replace(find, put, 1) if find != "<size>26 22 10</size>" else text.replace(find, put))
    message = refused(tmp_path)
    assert str(path) in message and "hint:" in message and all(word.lower() in message.lower() for word in words), message


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.99])
def test_xml_that_is_cut_short(tmp_path, share):
    write_n5(tmp_path / "data.n5/setup0/timepoint0/s0", tile(0))
    path = tmp_path / "dataset.xml"
    write_xml(path, N5, {(0, 0): [shift(0)]})
    text = path.read_text()
    path.write_text(text[:int(len(text) * share)])
    message = refused(tmp_path)
    assert str(path) in message and "hint:" in message, message


BLOCKS = {"header": lambda b: b[:5], "rank": lambda b: b"\0\0\0\2" + b[4:], "mode": lambda b: b"\0\7" + b[2:], "size": lambda b: b[:7] + b"\xff" + b[8:],
          "empty": lambda b: b"", "noise": lambda b: b[:16] + bytes(range(256)), "longer": lambda b: b + b"12345"}


# the library of bzip2 does not say how much it used
@pytest.mark.parametrize("codec, damage", [(c, d) for c in ["raw", "gzip", "zstd", "blosc", "xz", "bzip2"] for d in BLOCKS if (c, d) != ("bzip2", "longer")])
def test_n5_blocks_that_are_damaged(tmp_path, codec, damage):
    folder = tmp_path / "data.n5/setup0/timepoint0/s0"
    write_n5(folder, tile(1), CODECS[codec], block=(13, 22, 10))
    block = folder / "1/0/0"
    block.write_bytes(BLOCKS[damage](block.read_bytes()))
    write_xml(tmp_path / "dataset.xml", N5, {(0, 0): [shift(0)]})
    flags = ["--quiet", "--output-chunksize", "z=10,y=22,x=13", "--zarr-options", "ome_zarr=false"]
    blockfuse(tmp_path, "fuse", "dataset.xml", "--output", "out.zarr", *flags, status=3)
    failed = [json.loads(line) for line in blockfuse(tmp_path, "blocks", "--state", "failed", "--json").splitlines()]
    assert [b["block"][-1] for b in failed] == [1]
    assert str(block) in failed[0]["failure"]["message"] and "setup0" in failed[0]["failure"]["message"], failed
