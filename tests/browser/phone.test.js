// A focal point's phone in the browser, `tabara-desk phone`: the real core, the real server, Debian's Chromium. Screenshots go
// to out/browser, for people to look at.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { before, test } from 'node:test';
import { chromium } from 'playwright-core';
import {
  agreed, begin, deployment, enrol, enter, executablePath, flags, folder, go, launch, leave, phone, phoneOver, seal, shot,
  sound, supplied, sync, unlock, walk, watch, wide,
} from './local.js';

let server, browser;
before(async () => {
  server = await deployment();
  browser = await launch();
});

const enrolled = async (options, language) => supplied(browser, await server.card(), options, language);

for (const [name, options, language] of [
  ['phone', phone, 'en-GB'],
  ['wide-night', { ...wide, colorScheme: 'dark' }, 'fr-FR'],
]) {
  test(`a whole screening, sealed and received, ${name}`, async () => {
    const dir = folder();
    const local = await phoneOver(dir);
    const page = await enter(browser, local, options, language);
    await shot(page, `card-${name}`);
    await sound(page);
    assert.match(await page.textContent('.numbers'), /112/, 'whom to call needs no card');
    await page.fill('#card', await server.card());
    await page.click('main .main');
    await shot(page, `fingerprint-${name}`);
    await sound(page);
    await page.fill('#pin', '271828');
    await page.fill('#again', '271828');
    await page.click('main .main');
    await page.waitForSelector('.warning');
    await sync(page);
    await begin(page);
    let photographed = 0;
    await walk(page, { ...agreed, s1_danger: 'yes', s1_next: 'moved', x_now: 'yes', j_work: 'yes' }, async () => {
      photographed += 1;
      if (photographed < 4) {
        await shot(page, `page-${photographed}-${name}`);
        await sound(page);
      }
      return false;
    });
    await shot(page, `review-${name}`);
    await sound(page);
    await page.click('a.main');
    assert.equal(await page.locator('.urgent').count() > 0, true, 'what is urgent is said');
    await shot(page, `result-${name}`);
    await sound(page);
    await page.click('button.main');
    await page.waitForSelector('#code');
    await shot(page, `slip-${name}`);
    await sound(page);
    const code = (await page.textContent('#code')).replaceAll(' ', '');
    await page.click('button.main');
    const before = (await server.records()).length;
    assert.match(await sync(page), language === 'fr-FR' ? /Un dossier est arrivé/ : /One record arrived/);
    await shot(page, `sync-${name}`);
    const { record, answers } = (await server.records())[before];
    assert.equal(record.code, code);
    assert.equal(answers.s1_danger, 'yes', 'the case worker reads what was answered');
    for (const [where, text] of [['records/0', code.slice(0, 5)], ['activity/0', ''], ['home', ''], ['courier', ''], ['take-back', ''], ['pin', ''], ['wipe', '']]) {
      await go(page, where);
      assert.ok((await page.textContent('main')).includes(text), where);
      await shot(page, `${where.split('/')[0]}-${name}`);
      await sound(page);
    }
    await leave({ local, page });
  });
}

test('a whole screening without script', async () => {
  const options = { ...phone, javaScriptEnabled: false };
  const { local, page } = await enrolled(options);
  await begin(page);
  await walk(page, agreed);
  await seal(page);
  await page.click('button.main');
  assert.match(await sync(page), /One record arrived/);
  await leave({ local, page });
});

test('a stop shows nothing of the interview, and can be taken back', async () => {
  const { local, page } = await enrolled();
  await begin(page);
  await walk(page, agreed, async () => (await page.textContent('h1')).startsWith('What happened'));
  await page.click('button.stop');
  assert.equal(await page.textContent('h1'), 'Thank you');
  await shot(page, 'stopped-phone');
  await sound(page);
  await page.click('text=Go on after all');
  assert.match(await page.textContent('h1'), /What happened/);
  await page.click('button.stop');
  await page.click('text=Finish');
  await page.waitForSelector('#code');
  assert.equal(await page.locator('.outcome').count(), 0, 'outcome and advice stay hidden');
  await shot(page, 'slip-hushed-phone');
  await leave({ local, page });
});

test('what is not possible is said beside the question, and what was typed stays', async () => {
  const { local, page } = await enrolled();
  await begin(page);
  await walk(page, agreed, async () => (await page.textContent('h1')) === 'Age');
  await page.fill('[name="a:s2_age"]', 'many');
  await page.click('#page .steps .main');
  await page.waitForSelector('.wrong');
  assert.equal(await page.inputValue('[name="a:s2_age"]'), 'many');
  assert.match(await page.textContent('.wrong'), /whole number/);
  await shot(page, 'wrong-answer-phone');
  await sound(page);
  await page.click('.languages summary');
  await page.click('.languages button');
  await page.waitForSelector('html[lang=fr]');
  await leave({ local, page });
});

test('wrong PINs to the limit destroy the vault, and what was sealed is still sent', async () => {
  await server.tell('policy 3 120');
  const { local, page } = await enrolled();
  await begin(page);
  await walk(page, agreed);
  await seal(page);
  await page.click('button.main');
  await page.click('text=Lock');
  for (const left of ['2 attempts left', 'One attempt left']) {
    await unlock(page, '999999');
    await page.waitForSelector(`.notice:has-text("${left}")`);
    await sound(page);
  }
  await shot(page, 'wrong-pin-phone');
  await unlock(page, '999999');
  await page.waitForSelector('h1:has-text("Cleared")');
  await shot(page, 'cleared-phone');
  await sound(page);
  assert.match(await sync(page), /One record arrived/);
  await server.tell('policy 10 120');
  await enrol(page, await (async () => { await go(page, 'card'); return server.card(); })());
  await leave({ local, page });
});

test('a person takes a record back, on this phone and by the codes of her slip', async () => {
  const { local, page } = await enrolled();
  const codes = [];
  for (let n = 0; n < 2; n += 1) {
    await begin(page);
    await walk(page, agreed);
    codes.push(await seal(page));
    await page.click('button.main');
  }
  await sync(page);
  await go(page, 'records/0');
  assert.equal(await page.locator('[data-status=case-sent]').count(), 2);
  await page.click('.case >> nth=0 >> text=Withdraw');
  await page.click('button.danger');
  await page.waitForSelector('[data-status=case-withdrawn]');
  await go(page, 'take-back');
  await page.fill('#code', `${codes[0].code.slice(0, -1)}${codes[0].code.endsWith('A') ? 'B' : 'A'}`);
  await page.click('button.main');
  assert.match(await page.textContent('.notice'), /mistyped/);
  await page.fill('#code', codes[0].code.toLowerCase());
  await page.fill('#second', codes[0].second);
  await page.click('button.main');
  assert.match(await page.textContent('.notice'), /taken back/);
  await go(page, 'records/0');
  assert.equal(await page.locator('[data-status=case-withdrawn]').count(), 2);
  assert.match(await sync(page), /2 records arrived/, 'the server took both withdrawals');
  await leave({ local, page });
});

test('a courier carries what waits to the server and brings the answer back', async () => {
  const [far, near] = [await enrolled(), await enrolled(wide)];
  await begin(far.page);
  await walk(far.page, agreed);
  await seal(far.page);
  await far.page.click('button.main');
  await go(far.page, 'courier');
  const [bundle] = await Promise.all([far.page.waitForEvent('download'), far.page.click('a[download]')]);
  await go(near.page, 'courier');
  await near.page.setInputFiles('#carry', await bundle.path());
  const [parcel] = await Promise.all([near.page.waitForEvent('download'), near.page.click('section >> nth=1 >> button')]);
  await far.page.setInputFiles('#take-parcel', await parcel.path());
  await far.page.click('section >> nth=0 >> button');
  assert.match(await far.page.textContent('.notice'), /One record arrived/);
  await shot(far.page, 'courier-done-phone');
  await go(far.page, 'records/0');
  assert.equal(await far.page.locator('[data-status=case-sent]').count(), 1);
  // a file that is none is refused in words
  const wrong = path.join(far.dir, 'wrong');
  writeFileSync(wrong, 'nothing of the kind');
  await go(far.page, 'courier');
  await far.page.setInputFiles('#take-parcel', wrong);
  await far.page.click('section >> nth=0 >> button');
  assert.match(await far.page.textContent('.notice'), /not a file of the server/);
  await leave(far);
  await leave(near);
});

test('with her slip she is corrected on another phone, and the record is one person', async () => {
  const [first, second] = [await enrolled(), await enrolled(wide)];
  await begin(first.page);
  await walk(first.page, agreed);
  const codes = await seal(first.page);
  await first.page.click('button.main');
  await sync(first.page);
  await begin(second.page);
  await walk(second.page, agreed);
  await second.page.click('a.main');
  await second.page.click('text=This corrects an earlier record');
  await second.page.fill('#code', codes.code);
  await second.page.fill('#second', codes.second.slice(1));
  await shot(second.page, 'correct-wide');
  await second.page.click('button.main');
  assert.match(await second.page.textContent('.notice'), /second code is mistyped/, 'nothing is lost by it');
  await second.page.click('text=This corrects an earlier record');
  await second.page.fill('#code', codes.code);
  await second.page.fill('#second', codes.second);
  await second.page.click('button.main');
  await second.page.waitForSelector('#code');
  assert.equal(await second.page.textContent('#undo'), codes.second, 'her slip is the same');
  await second.page.click('button.main');
  // accepted, not set apart: the server saw that the slip agrees
  assert.match(await sync(second.page), /One record arrived/);
  await go(second.page, 'records/0');
  assert.equal(await second.page.locator('[data-status=case-sent]').count(), 1);
  await leave(first);
  await leave(second);
});

test('she moves to a new phone with the old one in hand', async () => {
  const [old, fresh] = [await enrolled(), await enrolled(wide)];
  await begin(old.page);
  await walk(old.page, agreed);
  const codes = await seal(old.page);
  await old.page.click('button.main');
  await go(fresh.page, 'hand-over');
  await sound(fresh.page);
  await fresh.page.click('text=Show the key');
  const key = await fresh.page.textContent('#hand-over-key');
  await shot(fresh.page, 'hand-over-key-wide');
  await go(old.page, 'hand-over');
  await shot(old.page, 'hand-over-phone');
  await old.page.fill('#key', 'not a key');
  await old.page.fill('#pin', '27182818');
  await old.page.click('button.main');
  assert.match(await old.page.textContent('.notice'), /not the key of a phone/);
  // as a messenger breaks it
  await old.page.fill('#key', `${key.slice(0, 20)}\n${key.slice(20)} `);
  await old.page.fill('#pin', '271828');
  const [file] = await Promise.all([old.page.waitForEvent('download'), old.page.click('button.main')]);
  await go(fresh.page, 'hand-over');
  const wrong = path.join(fresh.dir, 'wrong');
  writeFileSync(wrong, 'nothing of the kind');
  await fresh.page.setInputFiles('#hand-over-file', wrong);
  await fresh.page.click('text=Take the file');
  assert.match(await fresh.page.textContent('.notice'), /not the file of your other phone/);
  await fresh.page.setInputFiles('#hand-over-file', await file.path());
  await fresh.page.click('text=Take the file');
  assert.match(await fresh.page.textContent('.notice'), /One record was taken over/);
  assert.equal(await fresh.page.locator('[data-status=case-elsewhere]').count(), 1);
  await fresh.page.click('.case >> text=Slip');
  assert.equal(await fresh.page.textContent('#undo'), codes.second);
  await leave(old);
  await leave(fresh);
});

test('a program that is killed in the middle goes on at the exact place', async () => {
  const { dir, local, page } = await enrolled();
  await begin(page);
  await walk(page, agreed, async () => (await page.textContent('h1')).startsWith('About the person, 2'));
  await page.selectOption('[name="a:p_nat"]', 'BI');
  await page.waitForEvent('requestfinished', (one) => one.method() === 'GET');
  await local.end('SIGKILL');
  await page.context().close();
  const again = await phoneOver(dir);
  const second = await enter(browser, again, phone);
  await unlock(second);
  await second.click('a.row[href^="interview/"]');
  assert.match(await second.textContent('h1'), /^About the person, 2/);
  assert.equal(await second.inputValue('[name="a:p_nat"]'), 'BI');
  await leave({ local: again, page: second });
});

test('it locks after the time of the policy, at a touch, and is cleared when asked', async () => {
  await server.tell('policy 10 3');
  const { local, page } = await enrolled();
  await begin(page);
  await page.waitForSelector('h1:has-text("Locked")', { timeout: 15000 });
  await shot(page, 'locked-phone');
  await sound(page);
  await unlock(page);
  await page.waitForSelector('a.row[href^="interview/"]');
  await page.click('a.exit');
  await page.waitForSelector('table.calendar');
  assert.ok(!(await page.content()).includes('Tabara'), 'the harmless page says nothing of Tabara');
  await shot(page, 'exit-phone');
  await page.goBack();
  await go(page, 'home');
  await page.waitForSelector('h1:has-text("Locked")');
  await go(page, 'wipe');
  await page.click('button.danger');
  await page.waitForSelector('h1:has-text("Cleared")');
  await server.tell('policy 10 120');
  await leave({ local, page });
});

// Every file below a folder that holds a text, in UTF-8 or in the UTF-16 of a browser's own files.
function holds(dir, text) {
  const [narrow, broad] = [Buffer.from(text), Buffer.from(text, 'utf16le')];
  return readdirSync(dir, { recursive: true }).map((name) => path.join(dir, name)).filter((file) => {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
    const bytes = readFileSync(file);
    return bytes.includes(narrow) || bytes.includes(broad);
  });
}

test('a planted answer is in no cache, cookie, log or file in clear', async () => {
  const marker = 'Ndayishimiye-7d1f0c';
  const control = 'a-page-that-may-be-kept-5b2a';
  const dir = folder();
  const profile = folder();
  const local = await phoneOver(dir);
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: flags, ...wide, locale: 'en-GB' });
  const page = context.pages()[0];
  // the control: what a page does not forbid to keep is found in the profile
  const plain = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=3600' });
    answer.end(`<title>${control}</title><p>${control}`);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => { plain.once('listening', resolve); });
  await page.goto(`http://127.0.0.1:${plain.address().port}/`);
  watch(page, await local.address());
  await page.goto(page.address);
  await enrol(page, await server.card(), `271828${marker}`);
  await sync(page);
  await begin(page);
  const remarks = { ...agreed, s1_danger: 'yes', s1_next: 'moved', n_need: undefined };
  let planted = 0;
  await walk(page, remarks, async () => {
    for (const field of await page.locator('#questions input[type=text], #questions textarea').all()) {
      const [name, kind] = [await field.getAttribute('name'), await field.getAttribute('inputmode')];
      if (kind !== null || name === null) continue;
      await field.fill(marker);
      await field.blur();
      await page.waitForEvent('requestfinished', (one) => one.method() === 'GET');
      planted += 1;
    }
    return false;
  });
  if (planted === 0) {
    // the form asked for no text: the age field takes the marker too, and refuses it
    await page.click('button.answer:has-text("Age")');
    await page.waitForSelector('[name="a:s2_age"]');
    await page.fill('[name="a:s2_age"]', marker);
    await page.click('#page .steps .main');
    await page.waitForSelector('.wrong');
    planted += 1;
  }
  assert.ok(planted > 0, 'the marker was typed');
  await page.goto(`http://127.0.0.1:${plain.address().port}/`);
  await go(page, 'home');
  const cookies = JSON.stringify(await context.cookies());
  await context.close();
  await local.end();
  plain.close();
  assert.ok(holds(profile, control).length > 0, 'the search finds what is kept');
  assert.deepEqual(holds(profile, marker), [], 'the profile of the browser');
  assert.deepEqual(holds(dir, marker), [], 'the folder of the phone and its key file');
  assert.ok(!cookies.includes(marker) && !local.log.includes(marker));
});

test('pages of other origins and ports get neither cookie nor page', async () => {
  const { local, page } = await enrolled();
  const home = `${page.address.slice(0, page.address.lastIndexOf('/'))}/home`;
  // another user's program on this machine, which knows the address but not the cookie
  const heard = [];
  const stranger = createServer((request, answer) => {
    heard.push(request.headers.cookie ?? '');
    answer.writeHead(200, { 'content-type': 'text/html' });
    answer.end(`<form method="post" action="${home.replace(/home$/, 'wipe')}"><button>win</button></form>
      <a href="${home}">look</a><iframe src="${home}"></iframe><img src="${home.replace(/home$/, 'icon.svg')}">`);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => { stranger.once('listening', resolve); });
  const { port } = stranger.address();
  for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
    const lured = await page.context().newPage();
    await lured.goto(`${origin}/`);
    assert.equal(await lured.evaluate((url) => fetch(url, { credentials: 'include' }).then(() => 'read', () => 'refused'), home), 'refused');
    assert.ok(await lured.evaluate(() => document.querySelector('img').naturalWidth === 0), 'no picture of ours');
    await Promise.all([lured.waitForNavigation(), lured.click('button')]);
    assert.match(await lured.textContent('body'), /open the address that the program printed/);
    await lured.goto(`${origin}/`);
    await Promise.all([lured.waitForNavigation(), lured.click('a')]);
    assert.match(await lured.textContent('body'), /open the address that the program printed/);
    await lured.close();
  }
  assert.ok(heard.length > 0 && heard.every((cookie) => cookie === ''), 'no cookie of ours went to another port');
  await go(page, 'home');
  await page.waitForSelector('text=This phone', { timeout: 5000 });
  stranger.close();
  await leave({ local, page });
});

test('a page is light and quickly drawn', async () => {
  const { local, page } = await enrolled();
  await begin(page);
  await walk(page, agreed, async () => (await page.textContent('h1')).startsWith('About the person, 4'));
  const paints = [];
  let weight = 0;
  for (let n = 0; n < 7; n += 1) {
    const sizes = [];
    const listen = (answer) => sizes.push(answer.body().then((body) => body.length));
    page.on('response', listen);
    await page.reload({ waitUntil: 'networkidle' });
    page.off('response', listen);
    weight = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-paint')[0].startTime));
  }
  const middle = paints.sort((a, b) => a - b)[3];
  console.log(`local_page first_paint ${(middle / 1000).toFixed(3)} s, weight ${(weight / 1000).toFixed(1)} KB with style and script`);
  assert.ok(middle < 300, `first paint after ${middle} ms`);
  assert.ok(weight < 30_000, `${weight} bytes`);
  await leave({ local, page });
});
