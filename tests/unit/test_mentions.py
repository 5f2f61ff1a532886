"""Addresses that a value names: links of texts and whole fields, nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.services.editing.mentions import addresses_in


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"text": "Siehe [hier](/presse/eins)."}, {"/presse/eins": True}),
        (
            {"text": "[a](/beschluss/2021/39#z2a) und [b](/beschluss/al-runde/2025/02?x=1)"},
            {"/beschluss/2021/39": True, "/beschluss/al-runde/2025/02": True},
        ),
        ({"text": '[a]( </glossar/einkommen> "Titel")'}, {"/glossar/einkommen": True}),
        ({"text": "Text[1]\n\n[1]: /seite/impressum"}, {"/seite/impressum": True}),
        (
            {"text": "[pdf](/presse/eins.pdf) [zitat](/presse/zwei/zitieren) [ende](/presse/drei/)"},
            {"/presse/eins": True, "/presse/zwei": True, "/presse/drei": True},
        ),
        ({"meeting": "/sitzung/36", "sections": [{"text": "[x](/sitzung/36)"}]}, {"/sitzung/36": True}),
        ({"meeting": "/sitzung/36"}, {"/sitzung/36": False}),
        (
            {
                "text": "/sitzung/36 steht nur so da, [x](/suche?q=1), [y](https://a.example/presse/x), [z](/pressefotos/x), (/presse/x)"
            },
            {},
        ),
        ({"n": 3, "none": None, "flag": True, "list": ["/presse/a", 1]}, {"/presse/a": False}),
        ({"text": "[x](/presse/" + "a" * 400 + ")"}, {}),
    ],
)
def test_addresses(value, found):
    assert addresses_in(value) == found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_any_value_is_read_and_every_address_is_one_of_ours(value):
    for url in addresses_in(value):
        assert url.startswith("/") and len(url) <= 300 and "#" not in url and not url.endswith("/")
