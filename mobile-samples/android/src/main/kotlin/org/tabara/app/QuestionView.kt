package org.tabara.app

import android.app.AlertDialog
import android.content.res.Resources
import android.graphics.drawable.InsetDrawable
import android.os.Handler
import android.os.Looper
import android.text.Editable
import android.text.InputType
import android.text.TextWatcher
import android.view.View
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.CheckBox
import android.widget.CompoundButton
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.ListView
import android.widget.NumberPicker
import android.widget.RadioButton
import android.widget.TextView
import org.tabara.core.NodeType
import org.tabara.core.ChoiceOption
import org.tabara.core.Question
import org.tabara.core.Invalid
import java.text.DateFormatSymbols
import java.text.SimpleDateFormat
import java.util.Calendar
import java.util.Locale

/** How a question hands its answer to the core: XLSForm's text form, null for none. */
typealias Answer = (path: String, value: String?) -> Unit

/**
 * A question on the page. The core is the only place where an answer lives: a tap is told to the core, and what the core
 * returns is drawn. A view is kept as long as only the value or the message of its question changes, so that the keyboard
 * and the place on the page stay.
 */
abstract class QuestionView(protected val host: MainActivity, protected val words: Resources, protected var question: Question, private val answer: Answer) {
    val root = LinearLayout(host).apply {
        orientation = LinearLayout.VERTICAL
        tag = question.path
    }
    private val message = TextView(host, null, 0, R.style.Text_Wrong).apply { accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE }

    /** Puts label, hint, body and message together; to be called once. */
    fun build(): QuestionView {
        add(if (question.kind == NodeType.NOTE) R.style.Text else R.style.Text_Question, label())
        question.hint?.let { add(R.style.Text_Quiet, it) }
        body(root)
        root.addView(message, host.below(6))
        draw()
        return this
    }

    /** Whether this view can go on showing what the core now returns. */
    fun fits(next: Question) = next.copy(value = question.value, message = question.message) == question

    fun update(next: Question) {
        question = next
        draw()
    }

    /** What is typed and not told to the core yet is told now. */
    open fun flush() {}

    /** Shows why the last answer was not taken. */
    fun wrong(why: String) {
        message.text = why
        message.visibility = View.VISIBLE
    }

    protected abstract fun body(root: LinearLayout)

    protected abstract fun value()

    protected fun say(value: String?) = answer(question.path, value)

    private fun label() = if (question.required) "${question.label}\u00a0*" else question.label

    private fun draw() {
        value()
        val why = question.message
        if (why != null) wrong(why.text.ifEmpty { words.getString(if (why.why == Invalid.REQUIRED) R.string.answer_missing else R.string.trouble_answer) })
        message.visibility = if (why == null) View.GONE else View.VISIBLE
    }

    private fun add(style: Int, words: CharSequence) = root.addView(TextView(host, null, 0, style).apply { text = words }, host.below(4))

    companion object {
        /** More choices than this are searched in a list of their own. */
        private const val MANY = 15

        fun of(host: MainActivity, words: Resources, question: Question, answer: Answer): QuestionView = when (question.kind) {
            NodeType.SELECT_ONE -> if (question.choices.size > MANY) LongList(host, words, question, answer) else Choices(host, words, question, answer)
            NodeType.SELECT_MULTIPLE -> Choices(host, words, question, answer)
            NodeType.INTEGER, NodeType.DECIMAL, NodeType.TEXT -> Typed(host, words, question, answer)
            NodeType.DATE -> DateField(host, words, question, answer)
            NodeType.NOTE -> Note(host, words, question, answer)
            else -> NotHere(host, words, question, answer)
        }.build()
    }
}

/** One or several of a few choices, all in sight. A second tap takes an answer back: every question can be skipped. */
private class Choices(host: MainActivity, words: Resources, question: Question, answer: Answer) : QuestionView(host, words, question, answer) {
    private val several = question.kind == NodeType.SELECT_MULTIPLE
    private val buttons = mutableListOf<Pair<ChoiceOption, CompoundButton>>()
    private val chosen get() = question.value?.split(' ')?.filter(String::isNotEmpty) ?: emptyList()

    override fun body(root: LinearLayout) {
        for (choice in question.choices) {
            val button: CompoundButton = if (several) CheckBox(host) else RadioButton(host)
            button.apply {
                text = choice.label
                tag = choice.name
                textSize = 17f
                setTextColor(host.getColor(R.color.text))
                buttonTintList = host.getColorStateList(R.color.mark)
                setBackgroundResource(R.drawable.choice)
                buttonDrawable = InsetDrawable(buttonDrawable, host.dp(10), 0, host.dp(4), 0)
                minHeight = host.dp(56) // after the mark, which sets it to its own height
                setPadding(0, host.dp(8), host.dp(12), host.dp(8))
                isEnabled = !question.readonly
                setOnClickListener { tap(choice.name) }
            }
            buttons += choice to button
            root.addView(button, host.below(8))
        }
    }

    override fun value() = buttons.forEach { (choice, button) -> button.isChecked = choice.name in chosen }

    private fun tap(name: String) {
        val next = when {
            name in chosen -> chosen - name
            several -> question.choices.map(ChoiceOption::name).filter { it == name || it in chosen }
            else -> listOf(name)
        }
        say(next.joinToString(" ").ifEmpty { null })
    }
}

/** An answer that is chosen in a dialog: a button shows it and opens the dialog. */
private abstract class Chosen(host: MainActivity, words: Resources, question: Question, answer: Answer) : QuestionView(host, words, question, answer) {
    private lateinit var button: Button

    override fun body(root: LinearLayout) {
        button = Button(host, null, 0, R.style.Action_Second).apply {
            textAlignment = View.TEXT_ALIGNMENT_VIEW_START
            setOnClickListener { host.shown(dialog()) }
        }
        root.addView(button, host.below(8))
    }

    override fun value() {
        button.text = shown()
    }

    /** The answer in words, or what invites to choose. */
    protected abstract fun shown(): String

    protected abstract fun dialog(): AlertDialog

    /** A dialog that can be left, and that can take the answer back. */
    protected fun dialogOf(view: View): AlertDialog.Builder = AlertDialog.Builder(host).setView(view)
        .setNegativeButton(words.getString(R.string.cancel), null)
        .setNeutralButton(words.getString(R.string.clear)) { _, _ -> say(null) }
}

/** One of many choices (countries, communes): a button with the answer, and a list that is searched by typing. */
private class LongList(host: MainActivity, words: Resources, question: Question, answer: Answer) : Chosen(host, words, question, answer) {
    override fun shown() = question.choices.find { it.name == question.value }?.label ?: words.getString(R.string.choose)

    override fun dialog(): AlertDialog {
        val box = LinearLayout(host).apply { orientation = LinearLayout.VERTICAL; setPadding(host.dp(16), host.dp(16), host.dp(16), 0) }
        val search = EditText(host, null, 0, R.style.Field).apply { hint = words.getString(R.string.search); inputType = InputType.TYPE_CLASS_TEXT }
        val labels = ArrayAdapter(host, R.layout.choice, question.choices.map(::Row))
        val list = ListView(host).apply { adapter = labels; id = android.R.id.list }
        box.addView(search, host.below(0))
        box.addView(list, LinearLayout.LayoutParams(LinearLayout.LayoutParams.MATCH_PARENT, 0, 1f))
        search.addTextChangedListener(After { labels.filter.filter(it) })
        val dialog = dialogOf(box).create()
        list.setOnItemClickListener { _, _, at, _ ->
            dialog.dismiss()
            say(labels.getItem(at)!!.choice.name)
        }
        return dialog
    }

    /** A choice as the list shows and searches it. */
    private class Row(val choice: ChoiceOption) {
        override fun toString() = choice.label
    }
}

/** A text or a number. It is told to the core a moment after the last key, and when the page or the app is left. */
private class Typed(host: MainActivity, words: Resources, question: Question, answer: Answer) : QuestionView(host, words, question, answer) {
    private lateinit var field: EditText
    private val later = Handler(Looper.getMainLooper())
    private val tell = Runnable { flush() }
    private var drawing = false

    /** What stands in the field is newer than what the core has. */
    private var pending = false

    override fun body(root: LinearLayout) {
        field = EditText(host, null, 0, R.style.Field).apply {
            isEnabled = !question.readonly
            isSaveEnabled = false // the core keeps it, encrypted; the saved state of an activity is neither
            importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
            inputType = when (question.kind) {
                NodeType.INTEGER -> InputType.TYPE_CLASS_NUMBER
                NodeType.DECIMAL -> InputType.TYPE_CLASS_NUMBER or InputType.TYPE_NUMBER_FLAG_DECIMAL
                else -> InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS or InputType.TYPE_TEXT_FLAG_CAP_SENTENCES
            }
            addTextChangedListener(After {
                if (!drawing) {
                    pending = true
                    later.removeCallbacks(tell)
                    later.postDelayed(tell, 600)
                }
            })
            setOnFocusChangeListener { _, focused -> if (!focused) flush() }
        }
        root.addView(field, host.below(8))
    }

    override fun value() {
        val value = question.value ?: ""
        if (pending || field.text.toString().trim() == value) return
        drawing = true
        field.setText(value)
        field.setSelection(value.length)
        drawing = false
    }

    override fun flush() {
        later.removeCallbacks(tell)
        pending = false
        val typed = field.text.toString().trim()
        if (typed != (question.value ?: "")) say(typed.ifEmpty { null })
    }
}

/** A date by wheels: day, month, year; or month and year where the form asks for no more. */
private class DateField(host: MainActivity, words: Resources, question: Question, answer: Answer) : Chosen(host, words, question, answer) {
    private val locale: Locale = words.configuration.locales[0]
    private val byMonth = "month-year" in question.appearance

    override fun shown(): String {
        val day = question.value?.let { runCatching { SimpleDateFormat("yyyy-MM-dd", Locale.ROOT).parse(it) }.getOrNull() }
        val shape = if (byMonth) "LLLL yyyy" else "d MMMM yyyy"
        return day?.let { SimpleDateFormat(shape, locale).format(it) } ?: words.getString(R.string.choose_date)
    }

    override fun dialog(): AlertDialog {
        val now = Calendar.getInstance()
        question.value?.split('-')?.mapNotNull(String::toIntOrNull)?.takeIf { it.size == 3 }?.let { (y, m, d) -> now.set(y, m - 1, d) }
        val thisYear = Calendar.getInstance().get(Calendar.YEAR)
        val day = wheel(1, 31, now.get(Calendar.DAY_OF_MONTH))
        val month = wheel(1, 12, now.get(Calendar.MONTH) + 1).apply { displayedValues = DateFormatSymbols.getInstance(locale).months.take(12).toTypedArray() }
        val year = wheel(thisYear - 100, thisYear + 1, now.get(Calendar.YEAR))
        val wheels = LinearLayout(host).apply {
            gravity = android.view.Gravity.CENTER
            (if (byMonth) listOf(month, year) else listOf(day, month, year)).forEach(::addView)
        }
        return dialogOf(wheels).setPositiveButton(words.getString(R.string.ok)) { _, _ ->
            val first = Calendar.getInstance().apply { clear(); set(year.value, month.value - 1, 1) }
            val last = first.getActualMaximum(Calendar.DAY_OF_MONTH)
            say("%04d-%02d-%02d".format(Locale.ROOT, year.value, month.value, if (byMonth) 1 else day.value.coerceAtMost(last)))
        }.create()
    }

    private fun wheel(from: Int, to: Int, at: Int) = NumberPicker(host).apply {
        minValue = from
        maxValue = to
        value = at.coerceIn(from, to)
        wrapSelectorWheel = false
    }
}

/** Only to be read. */
private class Note(host: MainActivity, words: Resources, question: Question, answer: Answer) : QuestionView(host, words, question, answer) {
    override fun body(root: LinearLayout) {}

    override fun value() {}
}

/** A kind that this app cannot draw yet: it says so, and the interview goes on without it. */
private class NotHere(host: MainActivity, words: Resources, question: Question, answer: Answer) : QuestionView(host, words, question, answer) {
    override fun body(root: LinearLayout) {
        root.addView(TextView(host, null, 0, R.style.Text_Quiet).apply { text = words.getString(R.string.kind_not_here) }, host.below(8))
    }

    override fun value() {}
}

/** The one callback of three that matters here. */
private class After(private val changed: (CharSequence) -> Unit) : TextWatcher {
    override fun beforeTextChanged(text: CharSequence, start: Int, count: Int, after: Int) {}

    override fun onTextChanged(text: CharSequence, start: Int, before: Int, count: Int) {}

    override fun afterTextChanged(text: Editable) = changed(text)
}
