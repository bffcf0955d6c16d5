// The reader page from a file, in Debian's Chromium: a case that the real server exported, opened without any program of ours.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { agreed, begin, deployment, folder, here, launch, leave, phone, seal, shots, sound, supplied, sync, tool, walk, watch, wide } from './local.js';

const source = path.join(here, '../../desk/reader');
const dir = folder();
const at = (name) => path.join(dir, name);
let server, browser, held;

// A screening on a phone in the browser, sealed, sent, and exported by the operator.
before(async () => {
  server = await deployment();
  browser = await launch();
  const { local, page } = await supplied(browser, await server.card());
  await begin(page);
  await walk(page, agreed);
  const code = (await seal(page)).code.replace(/\s/g, '');
  await page.click('form[action="slip"] button');
  await sync(page);
  await leave({ local, page });
  held = await server.tell(`held ${code}`);
  writeFileSync(at('case.json'), JSON.stringify(held.export));
  writeFileSync(at('form.json'), held.form);
  writeFileSync(at('key.txt'), `# the case worker\n${held.identity}\n`);
});

async function reader(options = phone, locale = 'en-GB') {
  const context = await browser.newContext({ locale, ...options });
  const page = await context.newPage();
  const url = pathToFileURL(path.join(source, 'reader.html')).href;
  watch(page, url, options);
  page.origin = url;
  await page.goto(url);
  return page;
}

async function open(page, files = {}) {
  await page.setInputFiles('#file', files.file ?? at('case.json'));
  await page.setInputFiles('#key', files.key ?? at('key.txt'));
  await page.setInputFiles('#forms', at('form.json'));
  await page.fill('#authority', files.authority ?? held.authority);
  if (files.passphrase) await page.fill('#passphrase', files.passphrase);
  await page.evaluate(() => { delete document.body.dataset.milliseconds; });
  await page.click('#ask button.main');
  await page.waitForSelector('body[data-milliseconds]', { timeout: 60_000 });
  return Number(await page.getAttribute('body', 'data-milliseconds'));
}
const fault = (page) => page.textContent('#fault');

test('the file is what its sources give, and light', () => {
  execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund'], { cwd: source });
  execFileSync('node', ['build.mjs', '--check'], { cwd: source });
  assert.ok(readFileSync(path.join(source, 'reader.html')).length < 300_000);
});

for (const [name, options, locale, good] of [['phone', phone, 'en-GB', 'Every signature was checked'], ['wide', wide, 'fr-FR', 'Chaque signature a été vérifiée']]) {
  test(`a case is opened, shown and printed, ${name}`, async () => {
    const page = await reader(options, locale);
    await page.screenshot({ path: path.join(shots, `reader-${name}.png`), fullPage: true });
    await sound(page);
    const times = [];
    for (let n = 0; n < 5; n += 1) {
      times.push(await open(page));
      assert.equal(await fault(page), '');
      const shown = await page.textContent('#case');
      assert.ok(shown.includes(good) && shown.includes(held.export.code), shown);
      if (n < 4) await page.click('#close');
    }
    await sound(page);
    await page.screenshot({ path: path.join(shots, `reader-case-${name}.png`), fullPage: true });
    const middle = times.sort((a, b) => a - b)[2];
    console.log(`referrals open_case ${middle.toFixed(0)} ms`);
    assert.ok(middle < 150, `${middle} ms`);
    await page.evaluate(() => { window.print = () => { document.body.dataset.printed = 'yes'; }; });
    await page.click('#print');
    assert.equal(await page.getAttribute('body', 'data-printed'), 'yes');
    await page.emulateMedia({ media: 'print' });
    assert.ok(!(await page.isVisible('#print')));
    await page.emulateMedia({ media: 'screen' });
    await page.click('#close');
    assert.equal(await page.textContent('#case'), '', 'nothing stays');
    await page.context().close();
  });
}

test('a wrong key is told whose keys would open it; a wrong authority and forged files are refused with the reason', async () => {
  const page = await reader();
  writeFileSync(at('other.txt'), 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n');
  await open(page, { key: at('other.txt') });
  assert.match(await fault(page), /does not open the file. It is for: .+/);
  await open(page, { authority: 'A'.repeat(43) });
  assert.match(await fault(page), /not proven to stand in the log/);
  await open(page, { authority: '' });
  assert.match(await fault(page), /Enter the public key of the authority/);
  await open(page, { file: at('key.txt') });
  assert.match(await fault(page), /not an exported case/);

  const forged = async (change) => {
    const copy = structuredClone(held.export);
    change(copy, copy.entries.find((entry) => entry.sent?.sealed));
    writeFileSync(at('forged.json'), JSON.stringify(copy));
    await open(page, { file: at('forged.json') });
    assert.equal(await page.textContent('#case'), '', 'nothing of it is shown');
    return fault(page);
  };
  const other = (text) => text.slice(0, -9) + (text.at(-9) === 'A' ? 'B' : 'A') + text.slice(-8);
  assert.match(await forged((all, entry) => { entry.sent.jws = other(entry.sent.jws); }), /was changed/);
  assert.match(await forged((all, entry) => { entry.sent.sealed = other(entry.sent.sealed); }), /Someone moved them/);
  assert.match(await forged((all) => { all.chains = []; }), /signed by no phone or reviewer/);
  assert.match(await forged((all) => { all.proof = other(all.proof); }), /not proven to stand in the log/);
  assert.match(await forged((all) => { all.code = 'A'.repeat(10); }), /not proven to stand in the log/);
  assert.match(await forged((all, entry) => { entry.jws = 'A'.repeat(43); }), /not proven to stand in the log/);
  await page.check('#unverified');
  await open(page, { authority: '' });
  assert.match(await page.textContent('#case'), /NOT VERIFIED/);
  await page.context().close();
});

test('a new case worker opens what one who holds it gave her, with the same proof', async () => {
  const page = await reader();
  const newcomer = at('newcomer.txt');
  writeFileSync(newcomer, 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n');
  const to = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj';
  await open(page, { key: newcomer });
  assert.match(await fault(page), /does not open the file/);
  execFileSync(tool('tabara-desk'), ['case', 'copy', at('case.json'), '--identity', at('key.txt'), `--authority=${held.authority}`, '--to', to, '-o', at('copied')]);
  for (const key of [newcomer, at('key.txt')]) {
    await open(page, { file: at('copied/case.json'), key });
    assert.equal(await fault(page), '');
    assert.match(await page.textContent('#case'), /Every signature was checked/);
    await page.click('#close');
  }
  await page.context().close();
});

test('a key file with a passphrase, typed on another keyboard, opens the case; nothing is asked of the network', async () => {
  const page = await reader();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  writeFileSync(at('pass'), 'quatre mots tirés au sort\n');
  const locked = await server.tell('locked quatre mots tirés au sort');
  writeFileSync(at('key.age'), Buffer.from(locked.file, 'base64url'));
  await open(page, { key: at('key.age'), passphrase: 'wrong' });
  assert.match(await fault(page), /passphrase is wrong/);
  await open(page, { key: at('key.age'), passphrase: 'quatre mots tire\u0301s au sort' });
  assert.equal(await fault(page), '');
  assert.equal(await page.inputValue('#passphrase'), '');
  // what the page may not do, even if its script were another one
  const tried = await page.evaluate(() => fetch('https://tabara.example/').then(() => 'went out', () => 'refused'));
  assert.equal(tried, 'refused');
  assert.deepEqual(asked.filter((url) => !url.startsWith('file:')), []);
  await page.context().close();
});
