"""Which tests a change can reach: `python -m tests.changed [COMMIT]` prints their files, for `bin/test --changed`.

A file needs what it imports, and what it calls by a name in a text: the URL table of an app, a task, a template. The
tests of an app need all of it, for they call its pages by address; those of the whole house need every page.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What every test stands on. Of the settings also what they name: it takes part in every request.
FOUNDATIONS = ("pyproject.toml", "requirements-dev.lock", "bin/environment", "bin/test", "tests/environment.py")
SETTINGS = "config/settings.py"
_IN_QUOTES = re.compile(r"""["']([^"'\n]+)["']""")
_LOADS = re.compile(r"{%\s*load\s+([^%]+?)\s*%}")


class House:
    """The files of the repository at `root`, and what each of them needs."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        folders = ("apps", "bench", "config", "tests")
        self.modules = {self._name(path) for folder in folders for path in (root / folder).rglob("*.py")}
        self.templates = {self._name(path) for path in (root / "templates").rglob("*") if path.is_file()}
        self.words: dict[str, set[str]] = {}
        self.needs: dict[str, set[str]] = {}
        self._read()

    def tests(self) -> set[str]:
        return set(filter(_is_test, self.modules))

    def reached_by(self, changed: Iterable[str]) -> set[str]:
        """The files of tests that a change of the files `changed` can reach."""
        places = {place for name in changed for place in self._places(name)}
        if places & self._foundations():
            return self.tests()
        return self.tests() & self._closure(places)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _foundations(self) -> set[str]:
        named = {found for word in self.words.get(SETTINGS, ()) if (found := self._module(word))}
        migrations = {name for name in self.modules if "/migrations/" in name}
        return {*FOUNDATIONS, SETTINGS, *named, *migrations}

    def _places(self, name: str) -> Iterator[str]:
        """Where a changed file is found among ours: itself, its package when it is gone, or whoever mentions it."""
        yield name
        if name.endswith(".py") and name not in self.modules:
            yield f"{Path(name).parent.as_posix()}/__init__.py"
        parts = name.split("/")
        mentioned = {"/".join(parts[:number]) for number in range(1, len(parts) + 1)} | {parts[-1]}
        yield from (test for test in self.tests() if mentioned & self.words[test])

    def _closure(self, places: set[str]) -> set[str]:
        """All that needs one of `places`, directly or by way of others."""
        needed_by = defaultdict(set)
        for name, needs in self.needs.items():
            for each in needs:
                needed_by[each].add(name)
        found, new = set(places), set(places)
        while new:
            new = set().union(*(needed_by[name] for name in new)) - found
            found |= new
        return found

    def _read(self) -> None:
        imports = {}
        for name in self.modules:
            tree = ast.parse((self.root / name).read_text(encoding="utf-8"))
            self.words[name] = {node.value for node in ast.walk(tree) if _is_text(node)}
            imports[name] = set(_imports(tree, name))
        for name in self.templates:
            text = (self.root / name).read_text(encoding="utf-8", errors="replace")
            self.words[name] = set(_IN_QUOTES.findall(text))
            imports[name] = {tag for loaded in _LOADS.findall(text) for tag in loaded.split()}
        called = self._called_by_name()
        for name, words in self.words.items():
            # What the settings name is a foundation itself; what that needs in turn is not.
            names = imports[name] if name == SETTINGS else imports[name] | words
            found = {self._module(each) or called.get(each, "") for each in names}
            self.needs[name] = (found | set(self._by_its_place(name))) - {"", name}

    def _called_by_name(self) -> dict[str, str]:
        """What a text leads to: a template, the file of a task, or that of the tags which a template loads."""
        called = {name.removeprefix("templates/"): name for name in self.templates}
        for name in self.modules:
            if name.endswith("/tasks.py"):
                called |= dict.fromkeys((word for word in self.words[name] if _is_name_of_task(word)), name)
            if "/templatetags/" in name:
                called[Path(name).stem] = name
        return called

    def _module(self, dotted: str) -> str:
        """The file of `apps.core.tokens`, or of `apps.core.tokens.make_token`; nothing when it is none of ours."""
        parts = dotted.split(".")
        for length in range(len(parts), 1, -1):
            path = "/".join(parts[:length])
            for name in (f"{path}.py", f"{path}/__init__.py"):
                if name in self.modules:
                    return name
        return ""

    def _by_its_place(self, name: str) -> Iterator[str]:
        """The packages around a file; of a test its conftest.py as well, and the app or the pages that it tests."""
        path = Path(name)
        around = [f"{folder.as_posix()}/__init__.py" for folder in path.parents]
        if _is_test(name):
            around += [f"{folder.as_posix()}/conftest.py" for folder in path.parents]
            app = f"apps/{path.parts[1]}/"
            own = [module for module in self.modules if module.startswith(app)]
            yield from own or ["config/urls.py"]
        yield from (each for each in around if each in self.modules and each != name)


def _is_test(name: str) -> bool:
    return re.fullmatch(r"tests/(.+/)?test_\w+\.py", name) is not None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_name_of_task(word: str) -> bool:
    return re.fullmatch(r"[a-z_]+\.[a-z_]+", word) is not None


def _imports(tree: ast.AST, name: str) -> Iterator[str]:
    """The dotted names that a module imports, with what it takes out of them."""
    package = list(Path(name).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def changed_since(commit: str, root: Path = ROOT) -> list[str]:
    """The files that differ from `commit`, whether committed, staged, or not even known to git."""
    commands = (("diff", "--name-only", commit, "--"), ("ls-files", "--others", "--exclude-standard"))
    lines = (subprocess.run(("git", *each), cwd=root, check=True, capture_output=True, text=True) for each in commands)
    return sorted({name for done in lines for name in done.stdout.splitlines()})


def main() -> int:
    commit = sys.argv[1] if len(sys.argv) > 1 else "HEAD"
    try:
        changed = changed_since(commit)
    except subprocess.CalledProcessError as error:
        print(error.stderr.strip(), file=sys.stderr)
        return 1
    print("\n".join(sorted(House().reached_by(changed))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
