"""The exception tree is written down completely."""

from __future__ import annotations

import inspect
import re

from shared import errors


def test_the_tree_in_the_documentation_is_the_tree_of_the_classes() -> None:
    tree = re.findall(r"^    ([│├└─ ]*)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    written, path = {}, {}
    for branches, name in tree:
        depth = len(branches) // 4
        path[depth] = name
        written[name] = path.get(depth - 1, "Exception")

    classes = {name: cls for name, cls in vars(errors).items() if inspect.isclass(cls)}
    assert written == {name: cls.__bases__[0].__name__ for name, cls in classes.items()}
