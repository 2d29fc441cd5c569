"""Which tests reach a line: a map that gcov draws, kept in the cache.

The map holds the text of the sources that it was drawn for, so that it serves later sources,
too: a line is looked up where it stood then, a new one where its neighbour stood.
"""
import difflib
import glob
import json
import os
import shutil
import subprocess

NOT_IN_IT = ("docker", "stress", "harness", "install", "layers", "mutate")


def suites(top):
    """The tests that are looked at: those that need no engine and do not last."""
    files = sorted(glob.glob(top + "/tests/*_test.sh"))
    names = [os.path.basename(f)[:-3] for f in files]
    return [n for n in names if not n.startswith(NOT_IN_IT)] + ["unit", "golden"]


def draw(built, path):
    """Run all tests of the tree, which is built for coverage, and write the map."""
    tree = built.path
    out = tree + "/reached"
    shutil.rmtree(out, ignore_errors=True)
    os.mkdir(out)
    os.chmod(out, 0o777)
    built.inside(3600, "tests/run", *suites(tree), PTH_COVERAGE="/tmp/pth/reached",
                 GCOV_PREFIX_STRIP=str(tree.count("/")))
    notes = {os.path.relpath(root + "/" + name, tree)[:-5]
             for root, _, names in os.walk(tree) for name in names if name.endswith(".gcno")}
    found = {"tests": {}, "files": {}}
    for name, folder in tests_in(out):
        number = len(found["tests"])
        found["tests"][name] = [number, seconds(folder)]
        for file, line in lines_of(tree, notes, folder):
            found["files"].setdefault(file, {"lines": {}})["lines"].setdefault(
                line, []).append(number)
    for file in found["files"]:
        with open(tree + "/" + file) as f:
            found["files"][file]["text"] = f.read()
    with open(path + ".new", "w") as f:
        json.dump(found, f)
    os.replace(path + ".new", path)
    subprocess.Popen(["rm", "-rf", out])
    return found


def tests_in(out):
    """(name, folder) of what was left: unit/X, golden/TOOL/CASE, FILE_test/testX."""
    for pattern in ("unit/*", "golden/*/*", "*_test/*"):
        for folder in sorted(glob.glob(out + "/" + pattern)):
            yield os.path.relpath(folder, out), folder


def seconds(folder):
    try:
        return max(0.05, os.stat(folder + "/end").st_mtime - os.stat(folder + "/start").st_mtime)
    except OSError:
        return 0.1


def lines_of(tree, notes, folder):
    """The lines that were run, as (file, number)."""
    data = []
    for root, _, names in os.walk(folder):
        for name in names:
            base = os.path.join(root, name)[:-5]
            object_ = os.path.relpath(base, folder)
            object_ = object_[5:] if object_.startswith("user/") else object_
            if name.endswith(".gcda") and object_ in notes:
                if not os.path.exists(base + ".gcno"):
                    os.symlink(tree + "/" + object_ + ".gcno", base + ".gcno")
                data.append(base + ".gcda")
    seen = set()
    for i in range(0, len(data), 200):
        out = subprocess.run(["gcov", "-jt", *data[i:i + 200]], cwd=tree,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for text in out.decode().splitlines():
            for file in json.loads(text)["files"]:
                if file["file"].startswith(("lib/", "bin/")):
                    seen.update((file["file"], str(line["line_number"]))
                                for line in file["lines"] if line["count"])
    return seen


class Reach:
    def __init__(self, found, top):
        self.files, self.top, self.moved = found["files"], top, {}
        self.names = {number: name for name, (number, _) in found["tests"].items()}
        self.cost = {name: cost for name, (_, cost) in found["tests"].items()}

    def line_then(self, file, line):
        """Where a line of today stood when the map was drawn."""
        if file not in self.moved:
            with open(self.top + "/" + file) as f:
                now = f.read().splitlines()
            then = self.files[file]["text"].splitlines()
            at = {}
            for a, b, size in difflib.SequenceMatcher(None, then, now,
                                                      autojunk=False).get_matching_blocks():
                at.update({b + i + 1: a + i + 1 for i in range(size)})
            self.moved[file] = at
        at = self.moved[file]
        while line > 0 and line not in at:
            line -= 1
        return at.get(line, 1)

    def tests(self, file, line, last):
        """The tests that reach a line, or the nearest before it down to `last`."""
        if file not in self.files:
            return []
        lines = self.files[file]["lines"]
        for at in range(self.line_then(file, line), self.line_then(file, last) - 1, -1):
            if str(at) in lines:
                return [self.names[n] for n in lines[str(at)]]
        return []
