"""The judge that comes with the package: no key, no network, no GPU. See ``docs/embedded-judge.md``."""

from judge.providers.embedded.provider import DISCLAIMER, EpitomeProvider, supports

__all__ = ["DISCLAIMER", "EpitomeProvider", "supports"]
