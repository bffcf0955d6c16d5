// The coordinator's page in a real browser: Debian's Chromium through playwright-core, with axe-core for what can be
// checked of accessibility. Screenshots go to out/browser, for people to look at.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const shots = path.join(root, 'out/browser');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const wide = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };
const tables = ['people-by-month', 'people-by-place', 'people-by-sex', 'people-by-age-and-sex',
  'people-by-destination', 'people-by-exploitation', 'people-by-outcome', 'people-by-service', 'months-open'];

// Pages beside the figures.
const others = { coverage: '/coverage', infosheet: '/infosheet?period=2022', overdue: '/overdue', history: '/history', accounts: '/accounts', plan: '/plan' };

let server, house, browser;

before(async () => {
  mkdirSync(shots, { recursive: true });
  server = spawn(path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), 'debug/pages'), { stdio: ['pipe', 'pipe', 'inherit'] });
  house = await new Promise((resolve, reject) => {
    let text = '';
    server.stdout.on('data', (part) => {
      text += part;
      if (text.includes('\n')) resolve(JSON.parse(text.slice(0, text.indexOf('\n'))));
    });
    server.once('exit', () => reject(new Error('the server ended; was it built? cargo build -p tabara-stories --bins')));
  });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
});

after(async () => {
  await browser?.close();
  server?.stdin.end();
});

// RFC 6238, as an authenticator makes it; the secret in base32.
function oneTimeCode(secret, seconds = 0) {
  const bits = [...secret.replaceAll(' ', '')]
    .map((sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor((Date.now() / 1000 + seconds) / 30)));
  const tag = createHmac('sha1', key).update(counter).digest();
  return String((tag.readUInt32BE(tag[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
}

// A new browser with its own cookies; anything but our own server would fail the test.
async function visit(options, language) {
  const context = await browser.newContext({ locale: language, ...options });
  const page = await context.newPage();
  page.foreign = [];
  page.complaints = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(house.address)) page.foreign.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(message.text());
  });
  await page.goto(house.address);
  return page;
}

async function signIn(page, name, code) {
  await page.fill('#name', name);
  await page.fill('#password', house.password);
  await page.fill('#code', code ?? house.accounts[name].recovery.pop());
  await page.click('main button');
  await page.waitForSelector('#figures');
}

async function check(page) {
  assert.deepEqual(page.foreign, [], 'nothing is loaded from elsewhere');
  assert.deepEqual(page.complaints, [], 'the browser complains of nothing');
  await fits(page);
}

async function fits(page) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wider <= 0, `the page is ${wider} px wider than the screen`);
}

// axe is put in through the debugger, so that the page's own policy stays as it is.
async function accessible(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  const faults = found.violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html).join(' | ')}`);
  assert.deepEqual(faults, []);
}

async function cells(page, table) {
  return page.$$eval(`table[data-table="${table}"] td[data-code]`, (all) => Object.fromEntries(all.map((cell) =>
    [cell.dataset.code, cell.dataset.value !== undefined ? Number(cell.dataset.value)
      : cell.dataset.below !== undefined ? `<${cell.dataset.below}` : cell.textContent.trim()])));
}

for (const [language, title] of [['fr-FR', 'Personnes identifiées'], ['en-GB', 'People identified']]) {
  const code = language.slice(0, 2);
  for (const [name, options] of [
    ['wide', { viewport: wide }],
    ['phone', { viewport: phone, deviceScaleFactor: 2 }],
    ['wide-without-javascript', { viewport: wide, javaScriptEnabled: false }],
    ['phone-without-javascript', { viewport: phone, deviceScaleFactor: 2, javaScriptEnabled: false }],
  ]) {
    test(`the figures in ${code}, ${name}`, async () => {
      const page = await visit(options, language);
      const scripts = options.javaScriptEnabled !== false;
      await page.screenshot({ path: path.join(shots, `sign-in-${code}-${name}.png`), fullPage: true });
      if (scripts) await accessible(page);
      await signIn(page, 'aline');
      assert.equal(await page.textContent('h1'), title);
      assert.equal(await page.getAttribute('html', 'lang'), code);
      await page.screenshot({ path: path.join(shots, `figures-${code}-${name}.png`), fullPage: true });
      for (const table of tables) {
        const numbers = Object.values(await cells(page, table));
        assert.ok(numbers.length > 0, `${table} has numbers`);
        assert.ok(numbers.every((n) => ['<5', '<10', '–'].includes(n) || n % 5 === 0), `${table} is rounded`);
      }
      assert.equal(await page.locator('svg.map path').count(), 5);
      if (scripts) {
        await check(page);
        await accessible(page);
      }
      for (const [name_of, address] of Object.entries(others)) {
        await page.goto(`${house.address}${address}`);
        await page.screenshot({ path: path.join(shots, `${name_of}-${code}-${name}.png`), fullPage: true });
        if (scripts) {
          await check(page);
          await accessible(page);
        }
      }
      for (const subject of ['journey', 'referrals', 'assistance', 'activities', 'law']) {
        await page.goto(`${house.address}/figures?page=${subject}`);
        assert.equal(await page.getAttribute('#figures', 'data-page'), subject);
        assert.ok(await page.locator('table[data-table] td[data-value]').count() > 0, `${subject} has numbers`);
        await page.screenshot({ path: path.join(shots, `${subject}-${code}-${name}.png`), fullPage: true });
        if (scripts) {
          await check(page);
          await accessible(page);
        }
      }
      await page.context().close();
    });
  }
}

test('the data officer signs in with a one-time code and sees exact numbers; the audit page tells of it', async () => {
  const page = await visit({ viewport: wide }, 'en-GB');
  await signIn(page, 'chantal', oneTimeCode(house.accounts.chantal.secret));
  assert.equal(await page.getAttribute('#figures', 'data-exact'), 'true');
  await page.screenshot({ path: path.join(shots, 'exact-en-wide.png'), fullPage: true });
  await page.click('text=Who saw what');
  await page.waitForSelector('tr[data-action="saw_exact"]');
  await page.screenshot({ path: path.join(shots, 'audit-en-wide.png') });
  await accessible(page);
  await check(page);
  await page.context().close();
});

test('a province sees its communes, by quarter too, and the language stays chosen', async () => {
  const page = await visit({ viewport: wide }, 'en-GB');
  await page.click('text=Français');
  await signIn(page, 'bosco');
  assert.equal(await page.textContent('h1'), 'Personnes identifiées');
  assert.equal(await page.getAttribute('#figures', 'data-place'), 'BI-PR-04');
  await page.screenshot({ path: path.join(shots, 'province-fr-wide.png'), fullPage: true });
  await accessible(page);
  await page.click('.choices a:text-is("2022")');
  await page.click('.choices a:has-text("trimestre") >> nth=0');
  assert.equal(await page.getAttribute('#figures', 'data-period'), '2022-q1');
  await page.screenshot({ path: path.join(shots, 'province-quarter-fr-wide.png'), fullPage: true });
  await accessible(page);
  await page.click('text=Comment les lire');
  await page.waitForSelector('div.narrow h2');
  await page.screenshot({ path: path.join(shots, 'help-fr-wide.png'), fullPage: true });
  await accessible(page);
  await page.goto(`${house.address}/figures?place=BI`);
  assert.equal(await page.textContent('h1'), 'Accès non prévu');
  await page.screenshot({ path: path.join(shots, 'not-allowed-fr-wide.png') });
  await page.context().close();
});

test('a wrong code says so gently, and the keyboard alone is enough', async () => {
  const page = await visit({ viewport: phone }, 'en-GB');
  await page.focus('#name');
  await page.keyboard.type('aline');
  await page.keyboard.press('Tab');
  await page.keyboard.type('not the password');
  await page.keyboard.press('Tab');
  await page.keyboard.type('000000');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  await page.screenshot({ path: path.join(shots, 'refused-en-phone.png') });
  await accessible(page);
  await page.context().close();
});

// Every refusal and every message of the pages, in both languages.
for (const [language, words] of [
  ['fr-FR', { wait: 'Attendez', clock: '5 min', idle: 'une heure', over: 'douze heures', gone: 'terminée', out: 'déconnecté(e)', missing: 'Rien ici',
    place: 'Accès non prévu', period: 'Demande non comprise', method: 'Pas ainsi', foreign: 'Envoyé d’ailleurs', large: 'Trop grand',
    wrong: 'mot de passe actuel', differ: 'diffèrent', changed: 'est changé', account: 'Votre compte' }],
  ['en-GB', { wait: 'Wait', clock: '5 min', idle: 'an hour', over: 'twelve hours', gone: 'has ended', out: 'signed out', missing: 'Nothing here',
    place: 'Not yours to see', period: 'Not understood', method: 'Not this way', foreign: 'Sent from elsewhere', large: 'Too large',
    wrong: 'present password', differ: 'differ', changed: 'is changed', account: 'Your account' }],
]) {
  const code = language.slice(0, 2);
  test(`each refusal is a page that says why, in ${code}`, async () => {
    const page = await visit({ viewport: phone }, language);
    const look = async (name, text) => {
      assert.ok((await page.textContent('main')).includes(text), `${name}: ${await page.textContent('main')}`);
      assert.equal(await page.getAttribute('html', 'lang'), code);
      await page.screenshot({ path: path.join(shots, `refusal-${name}-${code}.png`), fullPage: true });
      await fits(page);
      await accessible(page);
    };
    const attempt = async (name, password, digits) => {
      await page.goto(`${house.address}/sign-in`);
      await page.fill('#name', name);
      await page.fill('#password', password);
      await page.fill('#code', digits);
      await page.click('main button');
    };
    for (let n = 0; n < 6; n += 1) await attempt(`nobody-${code}`, 'x', '000000');
    await look('wait', words.wait);
    await attempt('bosco', house.password, oneTimeCode(house.accounts.bosco.secret, -300));
    await look('clock', words.clock);
    for (const why of ['idle', 'over', 'gone']) {
      await page.goto(`${house.address}/sign-in?why=${why}&to=%2Fhelp`);
      await look(why, words[why]);
    }
    // another site sends the form: the browser says so
    await page.goto(`data:text/html,<form method=post action="${house.address}/sign-in"><button>x</button></form>`);
    await page.click('button');
    await page.waitForSelector('main');
    await look('foreign', words.foreign);
    // her link, then her page
    await page.goto(`${house.address}/figures?place=BI-PR-04&period=2022`);
    await page.fill('#name', 'bosco');
    await page.fill('#password', house.password);
    await page.fill('#code', house.accounts.bosco.recovery.pop());
    await page.click('main button');
    await page.waitForSelector('#figures[data-period="2022"]');
    for (const [name, address] of [['missing', '/no-such-page'], ['place', '/figures?place=BI'], ['period', '/figures?period=never'], ['method', '/sign-out']]) {
      await page.goto(`${house.address}${address}`);
      await look(name, words[name]);
    }
    await page.goto(`${house.address}/account`);
    await look('account', words.account);
    const change = async (old, next, again) => {
      for (const [id, text] of [['old', old], ['new', next], ['again', again]]) await page.fill(`#${id}`, text);
      await page.click('form.sign-in button');
    };
    await change('not my password', 'a password of twelve', 'a password of twelve');
    await look('wrong', words.wrong);
    await change(house.password, 'a password of twelve', 'another one of twelve');
    await look('differ', words.differ);
    await change(house.password, house.password, house.password);
    await page.waitForSelector('.message.note');
    await look('changed', words.changed);
    await page.evaluate(() => {
      document.querySelector('#old').removeAttribute('maxlength');
      document.querySelector('#old').value = 'x'.repeat(20000);
      document.querySelectorAll('#new, #again').forEach((input) => { input.value = 'x'; });
    });
    await page.click('form.sign-in button');
    await page.waitForSelector('main h1');
    await look('large', words.large);
    await page.goto(`${house.address}/account`);
    await page.click('form.out button');
    await page.waitForSelector('#name');
    await look('out', words.out);
    await page.context().close();
  });
}

test('a page is dark where the visitor wants it so', async () => {
  const page = await visit({ viewport: wide, colorScheme: 'dark' }, 'en-GB');
  await signIn(page, 'diane');
  for (const address of ['/figures', '/coverage', '/infosheet?period=2022']) {
    await page.goto(`${house.address}${address}`);
    await page.screenshot({ path: path.join(shots, `dark-${address.split(/[/?]/)[1]}.png`), fullPage: true });
    await accessible(page);
  }
  await page.context().close();
});

test('an account is made in the browser, by a link that works once', async () => {
  const officer = await visit({ viewport: wide }, 'fr-FR');
  await signIn(officer, 'chantal');
  await officer.goto(`${house.address}/accounts`);
  await officer.fill('#name', 'henri');
  await officer.selectOption('#role', 'auditor');
  await officer.click('section form.sign-in button');
  const link = (await officer.textContent('p.code')).trim();
  await officer.screenshot({ path: path.join(shots, 'invited-fr-wide.png'), fullPage: true });
  const page = await visit({ viewport: phone }, 'en-GB');
  await page.goto(link);
  await accessible(page);
  await page.fill('#new', 'a sentence to keep');
  await page.fill('#again', 'a sentence to keep');
  await page.click('main button');
  const secret = await page.getAttribute('[data-secret]', 'data-secret');
  await page.screenshot({ path: path.join(shots, 'account-made-en-phone.png'), fullPage: true });
  await accessible(page);
  await check(page);
  await page.goto(`${house.address}/sign-in`);
  await page.fill('#name', 'henri');
  await page.fill('#password', 'a sentence to keep');
  await page.fill('#code', oneTimeCode(secret));
  await page.click('main button');
  await page.waitForSelector('#coverage');
  await page.goto(link);
  assert.equal(await page.textContent('h1'), 'This link does not work');
  await page.context().close();
  await officer.context().close();
});

test('it prints', async () => {
  const page = await visit({ viewport: wide }, 'fr-FR');
  await signIn(page, 'aline', oneTimeCode(house.accounts.aline.secret));
  await page.emulateMedia({ media: 'print' });
  await page.screenshot({ path: path.join(shots, 'print-fr.png'), fullPage: true });
  const pdf = await page.pdf({ path: path.join(shots, 'figures-fr.pdf'), format: 'A4', margin: { top: '15mm', bottom: '15mm', left: '15mm', right: '15mm' } });
  assert.ok(pdf.length > 20_000);
  await page.goto(`${house.address}/infosheet?period=2022&audience=public`);
  const sheet = await page.pdf({ path: path.join(shots, 'infosheet-fr.pdf'), format: 'A4', margin: { top: '12mm', bottom: '12mm', left: '12mm', right: '12mm' } });
  assert.ok(sheet.length > 20_000);
  await page.context().close();
});
