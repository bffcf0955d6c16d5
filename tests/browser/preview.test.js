// A form tried out in the browser, `tabara-desk form preview FILE --browser`: every type of question in two sizes, by day and
// by night, and what the form thinks beside it. Screenshots go to out/browser, for people to look at.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { enter, folder, here, launch, localPage, phone, shot, sound, wide } from './local.js';

let browser;
before(async () => { browser = await launch(); });

// A copy of the form that a test may change.
function form() {
  const dir = folder();
  for (const name of ['every-question.md', 'picture.png']) copyFileSync(path.join(here, name), path.join(dir, name));
  return path.join(dir, 'every-question.md');
}

const preview = (file) => localPage('form', 'preview', '--browser', file);
const device = (page) => page.locator('.device');
const jump = (page, question) => page.click(`aside button[value="jump:${question}"]`);
const pages = { choosing: 'one', numbers: 'age', texts: 'story', rows: 'child[1]/child_name' };

for (const [name, options, language] of [
  ['phone-day', { ...phone, colorScheme: 'light' }, 'English'],
  ['phone-night', { ...phone, colorScheme: 'dark' }, 'Français'],
  ['wide-day', { ...wide, colorScheme: 'light' }, 'Français'],
  ['wide-night', { ...wide, colorScheme: 'dark' }, 'English'],
]) {
  test(`every type of question, ${name}`, async () => {
    const local = await preview(form());
    const page = await enter(browser, local, options);
    if (language === 'Français') {
      await page.click('.languages summary');
      await page.click('.languages button');
      await page.waitForSelector('html[lang=fr]');
    }
    for (const [group, question] of Object.entries(pages)) {
      await jump(page, question);
      await page.waitForSelector(`[data-path="${question}"]`);
      await device(page).screenshot({ path: path.join(here, '../../out/browser', `local-type-${group}-${name}.png`) });
      await sound(page);
    }
    await shot(page, `preview-${name}`);
    await page.context().close();
    await local.end();
  });
}

test('it says why a question is hidden, what a calculation holds, and jumps anywhere', async () => {
  const local = await preview(form());
  const page = await enter(browser, local, wide);
  const line = (text) => page.locator(`.nodes li:has-text("${text}")`);
  assert.match(await line('school').textContent(), /hidden by school: \$\{age\} < 18 \(age = –\)/);
  await jump(page, 'age');
  await page.fill('[name="a:age"]', '130');
  await page.locator('[name="a:age"]').blur();
  await device(page).locator('text=Nobody is so old.').waitFor();
  await page.fill('[name="a:age"]', '12');
  await page.locator('[name="a:age"]').blur();
  await page.locator('.nodes li:has-text("young") strong:has-text("true")').waitFor();
  await jump(page, 'school');
  assert.match(await device(page).textContent(), /Which school\?/);
  await page.click('text=Begin anew');
  assert.match(await line('school').textContent(), /hidden by school/);
  await page.context().close();
  await local.end();
});

test('it follows the file, keeps what still fits, and shows the faults beside the page', async () => {
  const file = form();
  const local = await preview(file);
  const page = await enter(browser, local, wide);
  await jump(page, 'age');
  await page.fill('[name="a:age"]', '41');
  await page.locator('[name="a:age"]').blur();
  await page.locator('.nodes li:has-text("age") strong:has-text("41")').first().waitFor();
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('How old are you?', 'How many years have you lived?'));
  await device(page).locator('text=How many years have you lived?').waitFor();
  assert.equal(await page.inputValue('[name="a:age"]'), '41', 'the answer stays');
  writeFileSync(file, text.replace('${age} < 18', '${ages} < 18'));
  await page.locator('.faults .error').first().waitFor();
  assert.match(await page.textContent('.faults'), /ages/);
  assert.equal(await page.inputValue('[name="a:age"]'), '41', 'the version before stays meanwhile');
  await shot(page, 'preview-faults');
  await sound(page);
  writeFileSync(file, text);
  await device(page).locator('text=How old are you?').waitFor();
  assert.equal(await page.inputValue('[name="a:age"]'), '41', 'a fault took nothing');
  await page.context().close();
  await local.end();
});

test('a rank, an order of rows and a long list work without script, too', async () => {
  const local = await preview(form());
  const page = await enter(browser, local, { ...phone, javaScriptEnabled: false });
  await page.click('[data-path=ranked] [aria-label="Mango: down"]');
  assert.match(await page.textContent('[data-path=ranked] li'), /Banana/);
  await page.click('[name="a:one"][value=yes]');
  await page.selectOption('[name="a:listed"]', 'gitega');
  await page.click('#page .steps .main');
  await page.waitForSelector('[name="a:age"]');
  await page.click('text=Back');
  assert.equal(await page.inputValue('[name="a:listed"]'), 'gitega');
  await page.context().close();
  await local.end();
});

test('a long list is searched as one types', async () => {
  const local = await preview(form());
  const page = await enter(browser, local, phone);
  await page.fill('[data-path=many] [type=search]', 'kiru');
  assert.equal(await page.locator('[data-path=many] .choice:visible').count(), 1);
  await page.check('[data-path=many] .choice:visible input');
  await page.fill('[data-path=listed] [type=search]', 'éĝi');
  assert.equal(await page.locator('[data-path=listed] option:not([hidden])').count() <= 2, true);
  await page.context().close();
  await local.end();
});
