"""The program that came with this package."""

import sysconfig
from importlib import metadata
from pathlib import Path


def program_path() -> Path:
    """Return the path of the program `blockfuse` that was installed with this package.

    Raises FileNotFoundError if it was removed or moved.
    """
    # the installer's own list says where it put the script, be it an environment, the user's folder or another one
    listed = [file.locate() for file in metadata.files("blockfuse") or [] if file.name == "blockfuse"]
    # `pip install --target` moves the scripts after it wrote that list
    target = Path(__file__).parent.parent / "bin" / "blockfuse"
    for path in [*map(Path, listed), target, Path(sysconfig.get_path("scripts"), "blockfuse")]:
        if path.is_file():
            return path.resolve()
    raise FileNotFoundError("the program blockfuse is not where it was installed: pip install --force-reinstall blockfuse")
