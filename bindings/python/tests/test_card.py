import pytest
import tabara


def test_a_text_that_is_no_card_is_refused_by_name():
    with pytest.raises(tabara.TabaraError.Card) as refused:
        tabara.read_card("TABARA1.not-a-card")
    assert refused.value.reason == "not the text of a card"
