package org.tabara.app

import android.text.format.DateUtils
import android.widget.Button
import android.widget.LinearLayout
import org.tabara.app.Place.Where
import org.tabara.core.QuestionnaireInfo

/** Begin an interview, go on with one, look at what waits. No name, no answer and no outcome stands here. */
class HomeScreen(host: MainActivity) : Screen(host, Place(Where.HOME), R.layout.home) {
    override fun open() {
        click(R.id.records) { host.go(Place(Where.RECORDS)) }
        click(R.id.lock) { host.lock() }
        list()
        host.whileShown(this) { app.sync.collect { if (it is Sync.Done) list() } }
    }

    override fun back() = host.finish()

    private fun list() = load {
        val forms = app.core { questionnaires() }
        val drafts = app.core { drafts() }
        val waiting = app.core { waiting() }
        val notices = app.core { notices() }.joinToString("\n\n") { noticeText(host.resources, it) }
        text(R.id.notices, notices)
        show(R.id.notices, notices.isNotEmpty())
        val begin = view<LinearLayout>(R.id.questionnaires).apply { removeAllViews() }
        app.sealed?.let { last -> row(begin, host.getString(R.string.codes_again)) { host.go(Place(Where.RESULT, last.draft)) } }
        if (forms.isEmpty()) paragraph(begin, host.getString(R.string.no_questionnaires))
        for (form in forms) row(begin, form.title) { begin(form) }
        val open = view<LinearLayout>(R.id.drafts).apply { removeAllViews() }
        for (draft in drafts) {
            val title = forms.find { it.id == draft.questionnaire }?.title ?: draft.questionnaire
            val began = DateUtils.formatDateTime(host, draft.started * 1000, DateUtils.FORMAT_SHOW_DATE or DateUtils.FORMAT_SHOW_TIME)
            row(open, host.getString(R.string.draft_began, title, began)) { host.go(Place(Where.INTERVIEW, draft.draft)) }
        }
        show(R.id.drafts_heading, drafts.isNotEmpty())
        val count = waiting.records.toInt()
        view<Button>(R.id.records).text = if (count == 0) host.getString(R.string.records) else host.resources.getQuantityString(R.plurals.records_waiting, count, count)
    }

    /** In the phone's language where the questionnaire has it; it can be changed on every page. */
    private fun begin(form: QuestionnaireInfo) = act {
        val own = host.resources.configuration.locales[0].language
        val language = form.languages.find { languageTag(it) == own } ?: form.languages.first()
        host.go(Place(Where.INTERVIEW, app.begin(form.id, language)))
    }
}
