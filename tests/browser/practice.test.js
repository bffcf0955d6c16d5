// Practice with invented people in the browser phone: every page looks different, nothing leaves, and at the end it says what a
// good interview would have noticed. Screenshots go to out/browser, for people to look at.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { agreed, deployment, go, launch, leave, phone, shot, sound, supplied, walk } from './local.js';

let server, browser;
before(async () => {
  server = await deployment();
  browser = await launch();
});

for (const [name, options, language, words] of [
  ['en', { ...phone, colorScheme: 'dark' }, 'en-GB', { only: 'nobody here is real', debt: 'Not asked, or written down otherwise', all: 'You heard all of it' }],
  ['fr', phone, 'fr-FR', { only: 'personne ici n\'est réel', debt: 'Pas demandé, ou noté autrement', all: 'Vous avez tout entendu' }],
]) {
  test(`an invented person is interviewed, ${name}`, async () => {
    const { dir, local, page } = await supplied(browser, await server.card(), options, language);
    const before = (await server.records()).length;
    const real = await page.evaluate(() => getComputedStyle(document.querySelector('.top')).backgroundImage);
    await go(page, 'home');
    await page.click('a[href=practice-people]');
    await shot(page, `practice-people-${name}`);
    await sound(page);
    await page.click('form[action="practice-begin/TC21"] button');
    await page.waitForSelector('#page');
    const practised = async () => {
      assert.ok((await page.textContent('.practice-note')).includes(words.only));
      assert.notEqual(await page.evaluate(() => getComputedStyle(document.querySelector('.top')).backgroundImage), real);
    };
    await practised();
    await shot(page, `practice-page-${name}`);
    await sound(page);
    // she does not ask about the debt
    await walk(page, { ...agreed, s2_age: '28', j_left: 'yes', j_where: 'QA', j_arranged: 'agency', q_docs: 'yes', q_what: 'ex_construct', q_hours: 'yes' });
    await practised();
    await page.click('a.main');
    const told = await page.textContent('main');
    assert.ok(told.includes(words.debt) && !told.includes(words.all), told);
    await shot(page, `practice-end-${name}`);
    await sound(page);
    await page.click('form[action^="result/"] button.main');
    await page.waitForSelector('#code');
    await practised();
    await page.goto(page.url().replace(/slip$/, 'home'));
    await practised();
    assert.equal(await page.locator('main a[href=sync], main a[href=courier]').count(), 0, 'nothing of it can be sent');
    await shot(page, `practice-home-${name}`);
    await sound(page);
    await page.click('form[action=end] button');
    assert.ok(!existsSync(path.join(dir, 'phone.practice')), 'nothing of it stays');
    assert.equal(await page.locator('.practice-note').count(), 0);
    assert.equal((await server.records()).length, before);
    await leave({ local, page });
  });
}
