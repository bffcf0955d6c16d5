package org.tabara.app

import android.app.Activity
import android.app.Dialog
import android.content.Intent
import android.graphics.Bitmap
import android.graphics.Canvas
import android.net.Uri
import android.os.Looper
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.CompoundButton
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.ListView
import android.widget.TextView
import org.junit.Assert.assertTrue
import org.junit.Assert.fail
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowActivity
import org.robolectric.shadows.ShadowDialog
import java.io.ByteArrayOutputStream
import java.io.File
import java.time.Duration

/** Runs the main looper until something holds: the core answers from a thread of its own. */
fun waitFor(what: () -> String, holds: () -> Boolean) {
    val end = System.nanoTime() + 30_000_000_000L
    while (!holds()) {
        if (System.nanoTime() > end) fail("waited in vain for ${what()}")
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(2)) // its clock stands still by itself
        Thread.sleep(2)
    }
    shadowOf(Looper.getMainLooper()).idle()
}

fun View.all(): Sequence<View> =
    sequenceOf(this) + ((this as? ViewGroup)?.let { group -> (0 until group.childCount).asSequence().flatMap { group.getChildAt(it).all() } } ?: emptySequence())

fun View.words() = all().filterIsInstance<TextView>().filter(View::isShown).joinToString("\n") { it.text }

fun Activity.words() = window.decorView.words()

fun Activity.await(words: String) = waitFor({ "\"$words\" in:\n${words()}" }) { words in words() }

fun Activity.awaitGone(words: String) = waitFor({ "the end of \"$words\" in:\n${words()}" }) { words !in words() }

/** Taps a button by its words. */
fun Activity.tap(words: String) {
    val found = { window.decorView.all().filterIsInstance<Button>().find { it.isShown && it.isEnabled && it.text.toString() == words } }
    waitFor({ "a button \"$words\" in:\n${words()}" }) { found() != null }
    found()!!.performClick()
    shadowOf(Looper.getMainLooper()).idle()
}

fun Activity.type(id: Int, text: String) = findViewById<EditText>(id)!!.setText(text)

/** The questions on the page, by path. */
fun Activity.questions(): Map<String, View> {
    val box = findViewById<LinearLayout>(R.id.questions) ?: return emptyMap()
    return (0 until box.childCount).map(box::getChildAt).filter { it.tag is String }.associateBy { it.tag as String }
}

/** Answers a question by touch: types, or taps the choice, or picks a label from a long list, or takes the date of today. */
fun Activity.answer(path: String, value: String) {
    val question = questions().getValue(path)
    val inside = question.all()
    val box = inside.filterIsInstance<CompoundButton>().find { it.tag == value }
    val field = inside.filterIsInstance<EditText>().firstOrNull()
    when {
        box != null -> {
            box.performClick()
            waitFor({ "$path = $value" }) { question.all().filterIsInstance<CompoundButton>().any { it.tag == value && it.isChecked } }
        }
        field != null -> field.setText(value)
        else -> {
            inside.filterIsInstance<Button>().first().performClick()
            val dialog = ShadowDialog.getLatestDialog()
            val list = dialog.findViewById<ListView>(android.R.id.list)
            if (list == null) return dialog.press(android.R.id.button1)
            dialog.pick(list, value)
            waitFor({ "$path = $value" }) { value in questions().getValue(path).words() }
        }
    }
}

/** The focal point chooses where to save a file; returns what the app wrote there. */
fun Activity.savesFile(): ByteArray {
    val file = ByteArrayOutputStream()
    choosesFile { shadowOf(contentResolver).registerOutputStream(it, file) }
    waitFor({ "a file" }) { file.size() > 0 }
    return file.toByteArray()
}

/** The focal point chooses a file with these bytes. */
fun Activity.opensFile(bytes: ByteArray) = choosesFile { shadowOf(contentResolver).registerInputStream(it, bytes.inputStream()) }

private fun Activity.choosesFile(register: (Uri) -> Unit) {
    var asked: ShadowActivity.IntentForResult? = null
    waitFor({ "a chooser of files" }) { shadowOf(this).nextStartedActivityForResult?.also { asked = it } != null }
    val uri = Uri.parse("content://files/${System.nanoTime()}").also(register)
    shadowOf(this).receiveResult(asked!!.intent, Activity.RESULT_OK, Intent().setData(uri))
}

fun Dialog.press(button: Int) {
    findViewById<Button>(button)!!.performClick()
    shadowOf(Looper.getMainLooper()).idle()
}

private fun Dialog.pick(list: ListView, label: String) {
    window!!.decorView.all().filterIsInstance<EditText>().first().setText(label.take(4))
    waitFor({ "\"$label\" in a list" }) { list.count in 1..5 }
    val at = (0 until list.count).first { list.getItemAtPosition(it).toString() == label }
    list.performItemClick(null, at, at.toLong())
    shadowOf(Looper.getMainLooper()).idle()
}

/** Taps Next and waits until the app has done what it asks: another page, the same one refused, or the result. */
fun Activity.turn() {
    findViewById<Button>(R.id.next)!!.performClick()
    waitFor({ "the next page:\n${words()}" }) { findViewById<Button>(R.id.next)?.isEnabled != false }
}

/** Page by page to the result. `seen` looks at each page, answered, before the next. */
fun Activity.interview(answers: Map<String, String>, seen: (Set<String>) -> Unit = {}) {
    while (questions().isNotEmpty()) {
        val paths = questions().keys.toList()
        // an answer may bring further questions onto the page
        for (path in paths) answers[path]?.let { answer(path, it) }
        for (path in questions().keys - paths.toSet()) answers[path]?.let { answer(path, it) }
        seen(questions().keys)
        turn()
    }
}

/** Draws a window without the system's bars. */
fun View.shot(name: String) {
    shadowOf(Looper.getMainLooper()).idle()
    jumpDrawablesToCurrentState() // or a radio button is caught before its animation: a ring without the dot
    val bitmap = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
    draw(Canvas(bitmap))
    val file = File("target/screenshots/$name.png").apply { parentFile!!.mkdirs() }
    file.outputStream().use { assertTrue(bitmap.compress(Bitmap.CompressFormat.PNG, 100, it)) }
}

fun Activity.shot(name: String) = window.decorView.shot(name)

fun Dialog.shot(name: String) = window!!.decorView.shot(name)
