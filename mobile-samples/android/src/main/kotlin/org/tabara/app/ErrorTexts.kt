package org.tabara.app

import android.content.res.Resources
import org.tabara.core.AnswerReason
import org.tabara.core.CardReason
import org.tabara.core.DestructionReason
import org.tabara.core.NotFoundItem
import org.tabara.core.Notice
import org.tabara.core.OfflineReason
import org.tabara.core.PhoneFile
import org.tabara.core.RefusedReason
import org.tabara.core.Standing
import org.tabara.core.TabaraException
import org.tabara.core.UntrustedReason
import java.time.Duration

/** What to tell the focal point about a failure, and what she can do. */
fun troubleText(words: Resources, why: TabaraException): String = when (why) {
    is TabaraException.Locked -> words.getString(R.string.trouble_locked)
    is TabaraException.WrongPin -> {
        val left = why.attemptsLeft.toInt()
        val attempts = words.getQuantityString(R.plurals.attempts_left, left, left)
        words.getString(R.string.trouble_wrong_pin, attempts) + waiting(words, why.retryAfter)
    }
    is TabaraException.TooSoon -> words.getString(R.string.trouble_too_soon) + waiting(words, why.retryAfter)
    is TabaraException.KeyStoreUnavailable -> words.getString(R.string.trouble_key_store_unavailable)
    is TabaraException.KeyStoreLost -> words.getString(R.string.trouble_key_store_lost)
    is TabaraException.VaultDestroyed -> destroyedText(words, why.reason)
    is TabaraException.Damaged -> damagedText(words, why.file)
    is TabaraException.NewerVersion -> words.getString(R.string.trouble_newer_version)
    is TabaraException.Storage -> words.getString(R.string.trouble_storage)
    is TabaraException.NotEnrolled -> words.getString(R.string.trouble_not_enrolled)
    is TabaraException.AlreadyEnrolled -> words.getString(R.string.trouble_already_enrolled)
    is TabaraException.Card -> words.getString(cardReason(why.reason))
    is TabaraException.NotFound -> words.getString(missingItem(why.what))
    is TabaraException.Answer -> words.getString(answerReason(why.reason))
    is TabaraException.PinTooShort -> words.getString(R.string.pin_short, why.least.toInt())
    is TabaraException.Incomplete -> words.getString(R.string.answer_missing)
    is TabaraException.NoConsent -> words.getString(R.string.trouble_no_consent)
    is TabaraException.Offline -> words.getString(offlineReason(why.reason))
    is TabaraException.Untrusted -> words.getString(R.string.trouble_untrusted, words.getString(untrustedReason(why.reason)))
    is TabaraException.Refused -> words.getString(refusedReason(why.reason))
    // faults of the app or the core: their names are for whoever mends them
    is TabaraException.InUse -> words.getString(R.string.trouble_in_use)
    is TabaraException.Folder -> words.getString(R.string.trouble_internal, "Folder ${why.reason.name}")
    is TabaraException.Internal -> words.getString(R.string.trouble_internal, why.reason.toString())
}

/** The vault is gone: why, and what she can do. */
fun destroyedText(words: Resources, reason: DestructionReason): String = words.getString(
    when (reason) {
        DestructionReason.TOO_MANY_WRONG_PINS -> R.string.destroyed_wrong_pins
        DestructionReason.PANIC_WIPE -> R.string.destroyed_panic
        DestructionReason.WIPE_ORDER -> R.string.destroyed_order
        DestructionReason.REPLACED -> R.string.destroyed_replaced
    },
) + " " + words.getString(R.string.vault_gone)

/** A file cannot be read: which, and what she can do. */
fun damagedText(words: Resources, file: PhoneFile): String = words.getString(R.string.trouble_damaged, words.getString(fileName(file)))

/** What she should know although all works. */
fun noticeText(words: Resources, notice: Notice): String = words.getString(
    when (notice) {
        is Notice.CatalogExpired -> R.string.notice_catalog_expired
        is Notice.SecondPhone -> R.string.notice_second_phone
        is Notice.DraftsLost -> R.string.notice_drafts_lost
        is Notice.Clock -> if (notice.ahead > 0) R.string.notice_clock_ahead else R.string.notice_clock_behind
    },
)

/** What is there for longer than one sync and needs the coordinator. */
fun lastingTexts(words: Resources, standing: Standing, catalogExpired: Boolean, evidence: Boolean, setBack: Boolean): List<String> =
    listOfNotNull(
        standingText(standing),
        if (catalogExpired) R.string.notice_catalog_expired else null,
        if (evidence) R.string.lasting_evidence else null,
        if (setBack) R.string.lasting_set_back else null,
    ).map(words::getString)

private fun standingText(standing: Standing): Int? = when (standing) {
    Standing.TRUSTED -> null
    Standing.SECOND -> R.string.notice_second_phone
    Standing.LATE -> R.string.standing_late
    Standing.REVOKED -> R.string.refused_revoked
}

/** What came instead of the server's answer, and what she can do. */
private fun offlineReason(reason: OfflineReason): Int = when (reason) {
    OfflineReason.NO_NETWORK -> R.string.trouble_offline
    OfflineReason.PORTAL -> R.string.offline_portal
    OfflineReason.CHANGED_ON_THE_WAY -> R.string.offline_changed
    OfflineReason.NOT_THE_SERVER -> R.string.offline_not_the_server
    OfflineReason.LATER -> R.string.offline_later
}

/** Why something is not taken over; also of a catalog. */
fun untrustedReason(reason: UntrustedReason): Int = when (reason) {
    UntrustedReason.ADDRESS -> R.string.untrusted_address
    UntrustedReason.PARCEL -> R.string.untrusted_parcel
    UntrustedReason.HAND_OVER -> R.string.untrusted_hand_over
    UntrustedReason.CATALOG_SIGNATURE -> R.string.untrusted_catalog_signature
    UntrustedReason.CATALOG_OLDER, UntrustedReason.CATALOG_FORKED -> R.string.untrusted_catalog_old
    UntrustedReason.CATALOG_RECIPIENTS -> R.string.untrusted_catalog_recipients
    UntrustedReason.CATALOG_NEEDS_NEWER_APP -> R.string.untrusted_newer_app
}

private fun refusedReason(reason: RefusedReason): Int = when (reason) {
    RefusedReason.CARD_REVOKED -> R.string.refused_revoked
}

private fun cardReason(reason: CardReason): Int = when (reason) {
    CardReason.UNREADABLE -> R.string.card_unreadable
    CardReason.NOT_GENUINE -> R.string.card_not_genuine
    CardReason.EXPIRED -> R.string.card_expired
    CardReason.EXPIRED_BY_THIS_CLOCK -> R.string.card_expired_by_clock
    CardReason.OTHER_AUTHORITY -> R.string.card_other_authority
    CardReason.USED_ALREADY -> R.string.card_used
}

private fun missingItem(item: NotFoundItem): Int = when (item) {
    NotFoundItem.QUESTIONNAIRE, NotFoundItem.CATALOG, NotFoundItem.CATALOG_FILE -> R.string.no_questionnaires
    NotFoundItem.INTAKE_KEY -> R.string.trouble_no_courier
    NotFoundItem.HAND_OVER_KEY -> R.string.trouble_hand_over_key
    NotFoundItem.CODE, NotFoundItem.SECOND_CODE -> R.string.withdraw_mistyped
    NotFoundItem.ID, NotFoundItem.LANGUAGE, NotFoundItem.QUESTION, NotFoundItem.DRAFT, NotFoundItem.CASE, NotFoundItem.REFERRAL,
    NotFoundItem.SERVICE, NotFoundItem.SERVICE_DIRECTORY,
    -> R.string.trouble_not_found
}

private fun answerReason(reason: AnswerReason): Int = when (reason) {
    AnswerReason.NOT_INTEGER -> R.string.answer_not_integer
    AnswerReason.NOT_NUMBER -> R.string.answer_not_number
    AnswerReason.NOT_DATE -> R.string.answer_not_date
    AnswerReason.NOT_TIME -> R.string.answer_not_time
    AnswerReason.OUT_OF_RANGE -> R.string.answer_out_of_range
    AnswerReason.TOO_LONG, AnswerReason.ANSWERS_TOO_LONG -> R.string.answer_too_long
    AnswerReason.TOO_MANY_ROWS, AnswerReason.ROWS_ARE_COUNTED -> R.string.answer_rows
    AnswerReason.CANNOT_BE_RAISED, AnswerReason.NOT_THE_NEXT_STATUS, AnswerReason.NOT_RELEVANT, AnswerReason.READ_ONLY,
    AnswerReason.NOT_PLACE, AnswerReason.NOT_A_CHOICE, AnswerReason.AGREEMENT_NEEDED, AnswerReason.NO_LONGER_WANTED,
    -> R.string.trouble_answer
}

private fun fileName(file: PhoneFile): Int = when (file) {
    PhoneFile.KEYS -> R.string.file_keys
    PhoneFile.MAILBOX -> R.string.file_mailbox
    PhoneFile.VAULT -> R.string.file_vault
    PhoneFile.DRAFTS -> R.string.file_drafts
    PhoneFile.FOLDER -> R.string.file_folder
}

/** Rounded up: who waits so long may surely ask again. */
private fun waiting(words: Resources, rest: Duration): String {
    val seconds = (rest.toMillis() + 999).floorDiv(1000L).toInt()
    val minutes = (seconds + 59) / 60
    return when {
        seconds == 0 -> ""
        seconds < 120 -> " " + words.getQuantityString(R.plurals.wait_seconds, seconds, seconds)
        else -> " " + words.getQuantityString(R.plurals.wait_minutes, minutes, minutes)
    }
}

/** Ten signs of a code as they are read aloud: five and five. */
fun spaced(code: String) = code.chunked(5).joinToString(" ")
