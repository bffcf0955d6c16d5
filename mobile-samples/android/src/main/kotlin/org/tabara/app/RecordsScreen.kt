package org.tabara.app

import android.app.AlertDialog
import android.text.InputFilter
import android.text.format.DateUtils
import android.view.View
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.ProgressBar
import org.tabara.app.Place.Where
import org.tabara.core.CaseCard
import org.tabara.core.RecordStatus
import org.tabara.core.Step
import org.tabara.core.Waiting

/** What waits, what arrived, and the sync. */
class RecordsScreen(host: MainActivity) : Screen(host, Place(Where.RECORDS), R.layout.records) {
    private var pages = 1u

    override val title: String get() = host.getString(R.string.records_title)

    override fun open() {
        click(R.id.home_button) { back() }
        click(R.id.courier) { host.go(Place(Where.COURIER)) }
        click(R.id.withdraw) { host.go(Place(Where.WITHDRAW)) }
        click(R.id.more) { list(++pages) }
        app.forgetSync()
        list(pages)
        host.whileShown(this) {
            app.sync.collect { now ->
                draw(now)
                if (now is Sync.Done || now is Sync.Failed) list(pages)
            }
        }
    }

    private fun list(upTo: UInt) = load {
        val waiting = app.core { waiting() }
        val cases = (0u until upTo).map { page -> app.core { cases(page) } }
        val count = waiting.records.toInt()
        text(R.id.waiting, if (count == 0) host.getString(R.string.nothing_waits) else host.resources.getQuantityString(R.plurals.waiting, count, count))
        val last = waiting.lastSync?.let { DateUtils.formatDateTime(host, it * 1000, WHEN) }
        text(R.id.last_sync, if (last == null) host.getString(R.string.never_synced) else host.getString(R.string.last_sync, last))
        show(R.id.lease_over, waiting.leaseOver)
        val lasting = lasting(waiting)
        text(R.id.lasting, lasting)
        show(R.id.lasting, lasting.isNotEmpty())
        val list = view<LinearLayout>(R.id.cases).apply { removeAllViews() }
        if (cases.first().isNotEmpty()) paragraph(list, host.getString(R.string.cases_heading), R.style.Text_Quiet)
        cases.flatten().forEach { list.addView(card(it), host.below(8)) }
        show(R.id.more, cases.last().size == PAGE)
    }

    /** What she should know of her records and the server, for as long as it is so. */
    private fun lasting(waiting: Waiting): String {
        val lost = waiting.lost.toInt()
        val another = waiting.forAnotherCard.toInt()
        val counted = listOfNotNull(
            if (lost > 0) host.resources.getQuantityString(R.plurals.lasting_lost, lost, lost) else null,
            if (another > 0) host.resources.getQuantityString(R.plurals.waiting_another_card, another, another) else null,
            waiting.later?.let { laterText(host.resources, it) },
        )
        return (counted + lastingTexts(host.resources, waiting.standing, waiting.catalogExpired, waiting.evidence, waiting.setBack)).joinToString("\n\n")
    }

    private fun card(case: CaseCard) = LinearLayout(host).apply {
        orientation = LinearLayout.VERTICAL
        setBackgroundResource(R.drawable.card)
        setPadding(host.dp(12), host.dp(10), host.dp(12), host.dp(10))
        if (!case.summary.withdrawn) setOnClickListener { memo(case) }
        paragraph(this, case.summary.code?.let(::spaced) ?: case.summary.questionnaire.id, R.style.Text_Row)
        case.summary.memo?.let { paragraph(this, it, R.style.Text) }
        paragraph(this, "${case.summary.month} · ${if (case.summary.withdrawn) host.getString(R.string.case_withdrawn) else statusText(case.status)}", R.style.Text_Quiet)
    }

    /** A few words to find the case again; no name. */
    private fun memo(case: CaseCard) {
        val field = EditText(host).apply {
            setText(case.summary.memo ?: "")
            filters = arrayOf(InputFilter.LengthFilter(LONGEST_MEMO))
            hint = host.getString(R.string.memo_hint)
        }
        host.shown(
            AlertDialog.Builder(host).setTitle(R.string.memo).setView(field)
                .setPositiveButton(R.string.ok) { _, _ ->
                    act {
                        app.core { noteMemo(case.summary.record, field.text.toString()) }
                        list(pages)
                    }
                }
                .setNegativeButton(R.string.cancel, null).create(),
        )
    }

    private fun statusText(status: RecordStatus) = host.getString(
        when (status) {
            is RecordStatus.Waiting -> R.string.case_waiting
            is RecordStatus.Kept -> R.string.case_sent
            is RecordStatus.Quarantined -> R.string.case_looked_at
            is RecordStatus.Withdrawn -> R.string.case_withdrawn
            is RecordStatus.Elsewhere -> R.string.case_elsewhere
            is RecordStatus.Refused -> R.string.case_refused
        },
    )

    private fun draw(now: Sync) {
        val running = now is Sync.Running
        text(R.id.sync, host.getString(if (running) R.string.cancel_sync else R.string.send_now))
        click(R.id.sync) { if (running) app.cancelSync() else app.startSync() }
        show(R.id.progress, running)
        tell((now as? Sync.Failed)?.let { troubleText(host.resources, it.why) })
        val says = when (now) {
            is Sync.Running -> step(now.step)
            is Sync.Done -> reportText(host.resources, now.report)
            else -> ""
        }
        text(R.id.sync_state, says)
        view<View>(R.id.sync_state).visibility = if (says.isEmpty()) View.GONE else View.VISIBLE
    }

    private fun step(step: Step): String {
        val bar = view<ProgressBar>(R.id.progress)
        bar.isIndeterminate = step is Step.Contacting
        return when (step) {
            is Step.Contacting -> host.getString(R.string.contacting)
            is Step.Sending -> bar.at(step.done, step.of).let { host.getString(R.string.sending, step.done.toInt(), step.of.toInt()) }
            is Step.Fetching -> bar.at(step.done, step.of).let { host.getString(R.string.fetching, step.done.toInt(), step.of.toInt()) }
        }
    }

    private fun ProgressBar.at(done: UInt, of: UInt) {
        max = of.toInt().coerceAtLeast(1)
        progress = done.toInt()
    }

    private companion object {
        const val PAGE = 50
        const val LONGEST_MEMO = 20
        const val WHEN = DateUtils.FORMAT_SHOW_DATE or DateUtils.FORMAT_SHOW_TIME
    }
}
