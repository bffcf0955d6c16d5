package org.tabara.app

import android.app.AlertDialog
import android.content.res.Resources
import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.ScrollView
import android.widget.TextView
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.tabara.app.Place.Where
import org.tabara.core.Page
import org.tabara.core.Session
import org.tabara.core.TabaraException

/** The interview, page by page. Every page is what one call of the core returns, in the language of the interview. */
class InterviewScreen(host: MainActivity, place: Place) : Screen(host, place, R.layout.interview) {
    private val draft = place.draft!!
    private var page: Page? = null
    private var asked: String? = null
    private var calls = 0
    private var drawn = 0
    private lateinit var words: Resources
    private val views = LinkedHashMap<String, QuestionView>()

    override val title: String get() = ""

    override fun open() {
        click(R.id.stop) { stop() }
        click(R.id.back) { turn(R.id.back) { back() } }
        click(R.id.next) { next() }
        host.view<Button>(R.id.language).setOnClickListener { chooseLanguage() }
        act { turnTo { page() } }
    }

    override fun leave() = views.values.toList().forEach(QuestionView::flush)

    override fun back() = if (page?.first != false) host.go(Place(Where.HOME)) else turn(R.id.back) { back() }

    override fun fail(why: TabaraException) {
        val at = asked?.let(views::get)
        when {
            why is TabaraException.Answer && at != null -> at.wrong(troubleText(words, why))
            why is TabaraException.NotFound && page == null -> host.go(Place(Where.HOME)) // finished or erased meanwhile
            else -> super.fail(why)
        }
    }

    private fun answer(path: String, value: String?) = act {
        asked = path
        turnTo { answer(path, value) }
    }

    private fun turn(button: Int, action: Session.() -> Page) {
        leave()
        act(button) { turnTo(fromTop = true, action) }
    }

    /**
     * Asks the core for a page and draws it, unless a page that was asked for later is drawn already. Always in a turn of
     * its own: a field that loses its focus while a page is drawn hands its text over, and must not draw inside that.
     */
    private suspend fun turnTo(fromTop: Boolean = false, action: Session.() -> Page) {
        val mine = ++calls
        val next = app.interview(draft, action)
        withContext(Dispatchers.Main) {
            // the focal point may have gone to another screen while the core answered
            if (mine > drawn && host.screen === this@InterviewScreen) {
                drawn = mine
                draw(next, fromTop)
            }
        }
    }

    /** A refused step stays on the page, which says why; after the last page comes the result. */
    private fun next() {
        if (page?.last != true) return turn(R.id.next) { next() }
        leave()
        act(R.id.next) {
            val missing = app.interview(draft) { missing() }.firstOrNull()
            if (missing == null) return@act host.go(Place(Where.RESULT, draft))
            turnTo(fromTop = true) { jump(missing.path) }
        }
    }

    /** At once, with no question asked: the safe screen lets her come back from a slip of the finger. */
    private fun stop() {
        leave()
        host.go(Place(Where.STOPPED, draft))
    }

    private fun chooseLanguage() {
        val languages = page?.languages ?: return
        val names = languages.map(::plainName).toTypedArray()
        val dialog = AlertDialog.Builder(host).setItems(names) { _, at -> turn(R.id.language) { setLanguage(languages[at]) } }.create()
        host.shown(dialog)
    }

    private fun draw(next: Page, fromTop: Boolean = false) {
        val old = page
        page = next
        if (old?.language != next.language) speak(next)
        view<ProgressBar>(R.id.progress).apply {
            max = next.progress.all.toInt().coerceAtLeast(1)
            progress = next.progress.done.toInt()
        }
        host.view<TextView>(R.id.title).text = next.title ?: ""
        view<View>(R.id.stop).visibility = if (next.stoppable) View.VISIBLE else View.GONE
        view<View>(R.id.back).visibility = if (next.first) View.INVISIBLE else View.VISIBLE
        text(R.id.next, words.getString(if (next.last) R.string.to_result else R.string.next))
        drawQuestions(next)
        if (fromTop) scrollTo(next.questions.firstOrNull { next.refused && it.message != null }?.path)
    }

    private fun drawQuestions(next: Page) {
        val box = view<LinearLayout>(R.id.questions)
        val kept = HashMap(views)
        views.clear()
        next.questions.forEachIndexed { at, question ->
            val same = kept.remove(question.path)?.takeIf { it.fits(question) }
            val drawn = same?.also { it.update(question) } ?: QuestionView.of(host, words, question, ::answer)
            views[question.path] = drawn
            if (box.getChildAt(at) !== drawn.root) {
                box.removeView(drawn.root)
                box.addView(drawn.root, at, host.below(if (at == 0) 4 else 24))
            }
        }
        while (box.childCount > next.questions.size) box.removeViewAt(box.childCount - 1)
        next.another?.let { more -> row(box, words.getString(R.string.add_row, more.label)) { turn(R.id.next) { addRow(more.path) } } }
    }

    /** To a question that holds things up, or to the top. */
    private fun scrollTo(path: String?) = view<ScrollView>(R.id.scroll).run {
        val top = views[path]?.root
        post { scrollTo(0, top?.top ?: 0) }
    }

    /** The words around the questions, in the language of the interview. */
    private fun speak(next: Page) {
        words = host.words(languageTag(next.language))
        host.view<View>(R.id.language).visibility = if (next.languages.size > 1) View.VISIBLE else View.GONE
        host.view<Button>(R.id.language).apply {
            text = words.getString(R.string.language_button, languageTag(next.language).uppercase())
            contentDescription = plainName(next.language)
        }
        text(R.id.stop, words.getString(R.string.stop))
        text(R.id.back, words.getString(R.string.back))
        text(R.id.quick_exit, words.getString(R.string.quick_exit))
    }

    /** `Français` of `Français (fr)`. */
    private fun plainName(language: String) = language.substringBefore(" (")
}

/** `fr` of `Français (fr)`, as questionnaires name their languages; a name without a code stands for itself. */
fun languageTag(language: String) = language.substringAfterLast('(', language).removeSuffix(")")
