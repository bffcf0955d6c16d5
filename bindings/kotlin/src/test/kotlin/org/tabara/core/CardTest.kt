package org.tabara.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class CardTest {
    @Test
    fun `a text that is no card is refused by name`() {
        val refused = assertThrows<TabaraException.Card> { readCard("TABARA1.not-a-card") }
        assertEquals("not the text of a card", refused.reason)
    }
}
