package org.tabara.app

import android.content.res.Resources
import org.tabara.core.TabaraException

/** What to tell the focal point about a failure, and what she can do. */
fun troubleText(words: Resources, why: TabaraException): String = when (why) {
    is TabaraException.Locked -> words.getString(R.string.trouble_locked)
    is TabaraException.WrongPin -> {
        val left = why.attemptsLeft.toInt()
        val attempts = words.getQuantityString(R.plurals.attempts_left, left, left)
        words.getString(R.string.trouble_wrong_pin, attempts) + waiting(words, why.retryAfterSeconds)
    }
    is TabaraException.TooSoon -> words.getString(R.string.trouble_too_soon) + waiting(words, why.retryAfterSeconds)
    is TabaraException.KeyStoreUnavailable -> words.getString(R.string.trouble_key_store_unavailable)
    is TabaraException.KeyStoreLost -> words.getString(R.string.trouble_key_store_lost)
    is TabaraException.Damaged -> words.getString(R.string.trouble_damaged, why.file)
    is TabaraException.NewerVersion -> words.getString(R.string.trouble_newer_version)
    is TabaraException.Storage -> words.getString(R.string.trouble_storage)
    is TabaraException.NotEnrolled -> words.getString(R.string.trouble_not_enrolled)
    is TabaraException.Card -> words.getString(R.string.trouble_card)
    is TabaraException.NotFound -> words.getString(R.string.trouble_not_found)
    is TabaraException.Answer -> words.getString(R.string.trouble_answer)
    is TabaraException.PinTooShort -> words.getString(R.string.pin_short, why.least.toInt())
    is TabaraException.Incomplete -> words.getString(R.string.answer_missing)
    is TabaraException.NoConsent -> words.getString(R.string.trouble_no_consent)
    is TabaraException.Offline -> words.getString(R.string.trouble_offline)
    is TabaraException.Untrusted -> words.getString(R.string.trouble_untrusted, why.reason)
    is TabaraException.Refused -> words.getString(R.string.trouble_refused, why.reason)
    is TabaraException.Internal -> words.getString(R.string.trouble_internal, why.reason)
}

private fun waiting(words: Resources, seconds: UInt): String = when {
    seconds == 0u -> ""
    seconds < 120u -> " " + words.getQuantityString(R.plurals.wait_seconds, seconds.toInt(), seconds.toInt())
    else -> ((seconds.toInt() + 59) / 60).let { " " + words.getQuantityString(R.plurals.wait_minutes, it, it) }
}

/** Ten signs of a code as they are read aloud: five and five. */
fun spaced(code: String) = code.chunked(5).joinToString(" ")
