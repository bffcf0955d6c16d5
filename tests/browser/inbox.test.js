// A case worker's inbox in the browser, `tabara-desk inbox FOLDER --browser`: a folder that the real server wrote, opened with her
// key. Screenshots go to out/browser, for people to look at.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { deployment, enter, folder, go, launch, localPage, phone, shot, sound, wide } from './local.js';

const passphrase = 'quatre mots au hasard';
const today = new Date().toISOString().slice(0, 10);
const written = folder();
let authority, browser;
before(async () => {
  ({ authority } = await (await deployment()).tell(`inbox ${written}`));
  browser = await launch();
});

for (const [name, options, language, words] of [
  ['en', { ...phone, javaScriptEnabled: false }, 'en-GB', { call: /call at once, within one hour: Medical care, Clinic/, wrong: /passphrase/i, why: 'Why it came out so' }],
  ['fr', wide, 'fr-FR', { call: /à appeler tout de suite, dans l'heure : Soins médicaux, Clinic/, wrong: /phrase/i, why: 'Pourquoi ce résultat' }],
]) {
  test(`what waits, a case opened, a decision and a note, ${name}`, async () => {
    // Given the folder of a case worker, and a roster
    const dir = folder();
    cpSync(written, dir, { recursive: true });
    writeFileSync(path.join(dir, 'duty.csv'), `from,until,name,telephone\n${today},2099-01-01,Sister Beata,+257 22 00 00 00\n`);
    const key = (file) => path.join(dir, 'keys', file);
    const local = await localPage('inbox', dir, `--authority=${authority}`, '--browser', '--identity', key('identity.age'),
      '--parts', key(''), '--catalog', key('catalog.jws'), '--key', key('reviewer.key'));
    const page = await enter(browser, local, options, language);
    // Then what has hours stands first, and no name
    const rows = await page.$$eval('main a.row', (all) => all.map((one) => one.textContent));
    assert.match(rows[0], words.call);
    const list = await page.textContent('main');
    assert.ok(list.includes('Sister Beata') && !/Aline|Benite|Chantal/.test(list), list);
    await shot(page, `inbox-${name}`);
    if (page.scripted) await sound(page);
    // When she opens the most urgent case, she is asked for her key, and a wrong passphrase opens nothing
    await page.click('main a.row');
    assert.ok(!(await page.textContent('main')).includes('Benite'));
    await page.fill('#passphrase', 'three other words');
    await page.click('main button.main');
    assert.match(await page.textContent('.notice'), words.wrong);
    await page.fill('#passphrase', passphrase);
    await page.click('main button.main');
    const opened = await page.textContent('main');
    assert.ok(opened.includes('Benite') && opened.includes(words.why), opened);
    await shot(page, `inbox-case-${name}`);
    if (page.scripted) await sound(page);
    // and decides
    await page.check('input[name=decision][value=confirmed]');
    await page.selectOption('#decided_by', 'national_commission');
    await page.selectOption('#reason', 'document');
    await page.fill('#note', 'seen by the commission');
    await page.click('main form:has(#decided_by) button.main');
    assert.match(await page.textContent('.notice'), /decisions\/.+\.bundle/);
    const [file] = readdirSync(path.join(dir, 'decisions'));
    assert.ok(!readFileSync(path.join(dir, 'decisions', file)).includes('commission'), 'it is sealed');
    assert.ok((await page.textContent('main a.row')).includes(file), 'the list says what is to be carried');
    await page.click('main a.row');
    assert.equal(await page.locator('#decided_by').count(), 0, 'once');
    // and tells the next shift, in a note that only the case workers read
    await go(page, 'home');
    await page.fill('#note', 'Call Benite before noon');
    await page.click('form[action=note] button');
    assert.ok((await page.textContent('main')).includes('Call Benite before noon'));
    assert.equal(await page.locator('.case .wrong').count(), 0, 'the catalog names who wrote it');
    await shot(page, `inbox-notes-${name}`);
    if (page.scripted) await sound(page);
    const [note] = readdirSync(path.join(dir, 'notes'));
    assert.ok(!readFileSync(path.join(dir, 'notes', note)).includes('Benite'));
    // When she locks, nothing stays open
    await page.click('form[action=lock] button');
    assert.ok(!(await page.textContent('main')).includes('Benite'));
    // and a forged file is told, and hides nothing
    const forged = readdirSync(dir).find((one) => one.endsWith('.json'));
    writeFileSync(path.join(dir, 'forged.json'), readFileSync(path.join(dir, forged), 'utf8').replace(/"jws":"[^"]{43}"/, `"jws":"${'A'.repeat(43)}"`));
    await go(page, 'home');
    assert.match(await page.textContent('p.wrong'), /forged\.json/);
    assert.equal((await page.$$('main a.row')).length, 3);
    assert.equal(statSync(path.join(dir, 'notes', note)).mode & 0o777, 0o600);
  });
}
