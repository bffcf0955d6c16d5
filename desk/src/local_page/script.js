// Comfort only: every page works without it. It saves answers as they are given, searches long lists, adds a slider to a
// range, and lets the preview follow its file.
'use strict';
document.documentElement.classList.add('scripted');

// The page leaves the screen when the vault is locked, or looks again how far a sync is.
const { seconds, then } = document.body.dataset;
let leaving;
function leaveLater() {
  clearTimeout(leaving);
  if (seconds) leaving = setTimeout(() => location.assign(then), seconds * 1000);
}
leaveLater();

const form = document.getElementById('page');
let typing;
let saves = 0;

// What the saved answers changed on the page is taken over; what has the focus stays as it is.
function takeOver(fresh) {
  for (const part of fresh.querySelectorAll('[data-live]')) {
    const here = document.getElementById(part.id);
    if (!here) continue;
    const wanted = [...part.children];
    const at = (node) => node.dataset?.path;
    for (const old of [...here.children]) {
      if (at(old) && !wanted.some((node) => at(node) === at(old))) old.remove();
    }
    wanted.forEach((node, index) => {
      const old = at(node) ? [...here.children].find((one) => at(one) === at(node)) : here.children[index];
      if (old?.contains(document.activeElement) && document.activeElement.matches('input, textarea, select')) return;
      if (old && old.dataset.drawn === node.outerHTML) return;
      const drawn = node.outerHTML;
      const put = document.importNode(node, true);
      put.dataset.drawn = drawn;
      if (old) old.replaceWith(put);
      else here.insertBefore(put, here.children[index] ?? null);
      enhance(put);
    });
  }
}

async function save() {
  clearTimeout(typing);
  leaveLater();
  const mine = ++saves;
  const body = new URLSearchParams(new FormData(form));
  body.set('go', 'stay');
  const answer = await fetch(form.action, { method: 'POST', body });
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (mine !== saves) return;
  if (fresh.getElementById('page')) takeOver(fresh);
  else location.reload();
}

if (form) {
  form.addEventListener('change', (event) => { if (event.target.name) save(); });
  form.addEventListener('input', (event) => {
    if (!event.target.name || !event.target.matches('textarea, input:not([type=radio], [type=checkbox])')) return;
    clearTimeout(typing);
    typing = setTimeout(save, 800);
  });
  form.addEventListener('submit', () => { clearTimeout(typing); saves += 1; });
}

// A field above a long list that leaves what fits.
function search(list, items, text) {
  const field = document.createElement('input');
  field.type = 'search';
  field.placeholder = text;
  field.setAttribute('aria-label', text);
  field.autocomplete = 'off';
  const plain = (words) => words.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  field.addEventListener('input', () => {
    const wanted = plain(field.value);
    for (const item of items()) item.hidden = wanted !== '' && !plain(item.textContent).includes(wanted);
    if (list.matches('select')) list.size = wanted === '' ? 1 : 8;
  });
  list.before(field);
}

function enhance(root) {
  for (const list of root.querySelectorAll('select[data-search]')) {
    if (list.options.length > 15) search(list, () => [...list.options].slice(1), list.dataset.search);
  }
  for (const list of root.querySelectorAll('.choices[data-search]')) {
    search(list, () => list.querySelectorAll('.choice'), list.dataset.search);
  }
  for (const hint of root.querySelectorAll('.range')) {
    const field = document.getElementById(hint.dataset.for);
    field.placeholder ||= ' ';
    const slider = document.createElement('input');
    slider.type = 'range';
    [slider.min, slider.max, slider.step] = [hint.dataset.start, hint.dataset.end, hint.dataset.step ?? '1'];
    slider.value = field.value || hint.dataset.start;
    slider.setAttribute('aria-label', hint.textContent);
    slider.addEventListener('input', () => { field.value = slider.value; });
    slider.addEventListener('change', () => field.dispatchEvent(new Event('change', { bubbles: true })));
    field.addEventListener('input', () => { slider.value = field.value; });
    field.after(slider);
  }
}
enhance(document);

for (const button of document.querySelectorAll('[data-print]')) button.addEventListener('click', () => window.print());

const preview = document.querySelector('[data-changed]');
if (preview) {
  setInterval(async () => {
    const now = await fetch('changed').then((answer) => answer.text(), () => preview.dataset.changed);
    if (now !== preview.dataset.changed) location.reload();
  }, 1000);
}
