"""Write the catalogues, and say which texts have no translation yet."""

from __future__ import annotations

from texts import LANGUAGES, current, updated

for language in LANGUAGES:
    for path, content in current(language).items():
        path.write_bytes(content)
    for message in updated(language):
        if message.id and not message.string:
            print(f"{language}: {message.id}")  # noqa: T201 (a command)
