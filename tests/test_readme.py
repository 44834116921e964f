from __future__ import annotations

import doctest
import re

import pytest
from conftest import BUNDLE, ROOT

import etikanlp
import etikanlp.model


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ETIKANLP_MODEL", str(BUNDLE))


def test_examples_of_the_readme_run():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted >= 8
    assert result.failed == 0


@pytest.mark.parametrize("module", [etikanlp, etikanlp.model])
def test_examples_of_the_docstrings_run(module):
    result = doctest.testmod(module)
    assert result.attempted >= 2
    assert result.failed == 0


def test_both_readmes_start_with_the_two_commands_and_link_to_what_exists():
    for name in ("README.md", "README.id.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.search(r"```\n(.*?)```", text, re.DOTALL).group(1).split("\n")[:2] == [
            "make report",
            "make test",
        ]
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
            assert (ROOT / link).exists(), f"{name} links to {link}"


def test_every_make_target_named_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("help", "report", "test", "train", "lint", "bench", "notebooks", "wheel", "clean"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
