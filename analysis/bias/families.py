"""Which family a model belongs to, by its name."""

from __future__ import annotations

import re

_FAMILIES = {
    "openai": ("gpt", "chatgpt", "davinci", "o1", "o3", "o4"),
    "anthropic": ("claude",),
    "google": ("gemini", "gemma", "palm", "bard"),
    "meta": ("llama",),
    "mistral": ("mistral", "mixtral", "ministral"),
    "qwen": ("qwen", "qwq"),
    "deepseek": ("deepseek",),
    "zhipu": ("glm", "chatglm"),
    "cohere": ("command",),
    "microsoft": ("phi", "wizardlm"),
    "xai": ("grok",),
    "yi": ("yi",),
}
_NAMES = {name: family for family, names in _FAMILIES.items() for name in (*names, family)}
_WORD = re.compile(r"[a-z]+[0-9]*|[0-9]+")


def family_of(name: str) -> str:
    """Return the family of a model, from its name or its provider's, or nothing where it is not known.

    The model's own name counts before the provider's, since many providers serve others' models.

    Examples
    --------
    >>> family_of("openai/gpt-4o"), family_of("together/meta-llama-3-70b"), family_of("kemp")
    ('openai', 'meta', '')
    """
    provider, _, model = name.lower().rpartition("/")
    for part in (model, provider):
        for word in _WORD.findall(part):
            bare = word.rstrip("0123456789")
            for known in (word, bare):
                if known in _NAMES:
                    return _NAMES[known]
    return ""
