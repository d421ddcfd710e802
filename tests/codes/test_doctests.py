"""The examples in the docstrings of app.codes are true."""

import doctest
import importlib
import pkgutil

import pytest

import app.codes

MODULES = [module.name for module in pkgutil.iter_modules(app.codes.__path__, "app.codes.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
