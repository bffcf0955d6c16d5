// The page: what is asked, and what is shown. Texts go in as text, never as markup.
import { Refused } from './signed.mjs';
import { openCase } from './open.mjs';

const TEXTS = __TEXTS__;
const $ = (id) => document.getElementById(id);
let language = (navigator.language ?? 'en').startsWith('fr') ? 'fr' : 'en';
const say = (id, args = {}) => (TEXTS[language][id] ?? id).replace(/\{ \$(\w+) \}/g, (_, name) => args[name] ?? '');

function el(name, text, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function speak(chosen) {
  language = chosen;
  document.documentElement.lang = language;
  document.title = say('title');
  for (const node of document.querySelectorAll('[data-text]')) node.textContent = say(node.dataset.text);
  $('language').textContent = say('other-language');
  $('language').lang = language === 'en' ? 'fr' : 'en';
}

const day = (unix) => new Date((unix + 7200) * 1000).toISOString().slice(0, 10);
const bytes = async (input) => new Uint8Array(await input.files[0].arrayBuffer());

// The label of a question and the words of its answer, where the questionnaire is here.
function labelled(form, path, answer) {
  const node = form?.nodes.find((one) => one.name === path.split('/').at(-1));
  const at = Math.max(0, (form?.languages ?? []).findIndex((name) => name.endsWith(`(${language})`)));
  const word = (texts) => texts?.[at] || texts?.[form.default_language] || texts?.find(Boolean);
  const list = form?.lists[node?.choices?.from.list]?.choices ?? [];
  const chosen = (code) => {
    const label = word(list.find((one) => one.name === code)?.label);
    return label ? `${label} (${code})` : code;
  };
  return [word(node?.label) ?? path, list.length ? answer.split(' ').map(chosen).join('; ') : answer];
}

function facts(rows) {
  const list = el('dl');
  for (const [name, value] of rows) list.append(el('dt', name), el('dd', value));
  return list;
}

function by(author) {
  if (!author) return say('nobody-checked');
  if (author.reviewer) return say('by-reviewer', { name: author.reviewer });
  const { device, organisation, commune } = author.phone;
  return say(author.revoked ? 'by-revoked' : 'by-phone', { device, organisation, commune });
}

function entryShown({ entry, record, author, told, form }) {
  const section = el('section', undefined, el('h2', say(`kind-${record?.kind ?? entry.kind}`)));
  const rows = [[say('received'), day(entry.received)], [say('record'), entry.record]];
  if (entry.taken_back) rows.push([say('state'), say('taken-back')]);
  if (record) rows.push([say('signed'), by(author)]);
  for (const [name, value] of Object.entries(record?.facts ?? {})) rows.push([name, [value].flat().join(', ')]);
  section.append(facts(rows));
  if (told) {
    section.append(el('h3', say('told', { form: told.questionnaire.id, day: day(told.sealed_at) })));
    section.append(facts(told.answers.map(([path, answer]) => labelled(form, path, answer))));
    if (told.assessment) section.append(el('h3', say('assessment')), el('pre', JSON.stringify(told.assessment, null, 1)));
  }
  return section;
}

function show({ code, verified, asOf, shown }) {
  const head = el('header', undefined, el('h1', say('everything', { code })));
  head.append(el('p', verified ? say('verified', { day: day(asOf) }) : say('not-verified')));
  head.className = verified ? 'good' : 'bad';
  $('case').replaceChildren(head, ...shown.map(entryShown));
  $('ask').hidden = true;
  $('shown').hidden = false;
}

async function opened() {
  $('fault').textContent = say('opening');
  // let the browser draw that, before the passphrase is stretched
  await new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); });
  const began = performance.now();
  try {
    for (const id of ['file', 'key']) if (!$(id).files.length) throw new Refused(`choose-${id}`);
    const forms = await Promise.all([...$('forms').files].map(async (one) => new Uint8Array(await one.arrayBuffer())));
    show(await openCase({
      file: await bytes($('file')), key: await bytes($('key')), passphrase: $('passphrase').value,
      authority: $('authority').value.trim(), unverified: $('unverified').checked, forms,
    }));
    $('fault').textContent = '';
  } catch (error) {
    $('fault').textContent = error instanceof Refused ? say(error.message, error.args) : say('damaged');
  }
  $('passphrase').value = '';
  document.body.dataset.milliseconds = String(performance.now() - began);
}

// Forgets everything, also what the browser would bring back.
function closed() {
  $('case').replaceChildren();
  $('ask').reset();
  $('ask').hidden = false;
  $('shown').hidden = true;
}

$('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  opened();
});
$('print').addEventListener('click', () => window.print());
$('close').addEventListener('click', closed);
$('language').addEventListener('click', () => speak(language === 'en' ? 'fr' : 'en'));
window.addEventListener('pagehide', closed);
speak(language);
