// What the tests of the local page share: the programs that they start, and a browser that loads nothing from elsewhere.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const built = path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), 'debug');
export const tool = (name) => path.join(built, name);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const shots = path.join(root, 'out/browser');
export const here = path.join(root, 'tests/browser');
export const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 };
export const wide = { viewport: { width: 1280, height: 900 } };
export const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
mkdirSync(shots, { recursive: true });

export const folder = () => mkdtempSync(path.join(tmpdir(), 'tabara-local-'));
let browser;
// The browser of a file of tests; it ends with them.
export async function launch() {
  browser = await chromium.launch({ executablePath, args: flags });
  return browser;
}

const running = new Set();
after(async () => {
  await browser?.close();
  // what a failed test left running
  await Promise.all([...running].map((started) => started.end('SIGKILL')));
});

// A program that answers each line of its input with one line of its output.
function program(name, words) {
  const child = spawn(tool(name), words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const started = { child, log: '' };
  running.add(started);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stderr.on('data', (part) => { started.log += part; });
  started.line = async () => {
    const { value, done } = await lines.next();
    assert.ok(!done, `${name} ended: ${started.log}`);
    started.log += `${value}\n`;
    return value;
  };
  started.ask = async (word) => {
    child.stdin.write(`${word}\n`);
    return started.line();
  };
  started.end = async (signal = 'SIGINT') => {
    const ended = new Promise((resolve) => { child.once('exit', resolve); });
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await ended;
    }
  };
  return started;
}

// The real server with its authority, as in the journeys of the other languages.
export async function deployment() {
  const server = program('deployment', []);
  await server.line();
  return {
    card: async () => JSON.parse(await server.ask('card BI-CO-05-03')).card,
    records: async () => JSON.parse(await server.ask('records')).records,
    tell: async (word) => JSON.parse(await server.ask(word)),
    end: () => server.end('SIGTERM'),
  };
}

// A local page: the phone over a folder, or the preview of a form.
export async function localPage(...words) {
  const page = program('tabara-desk', words);
  const first = await page.line();
  let used = false;
  const address = async () => {
    const next = used ? await page.ask('') : first;
    used = true;
    return next;
  };
  return { ...page, address, get log() { return page.log; } };
}

export const phoneOver = (dir) => localPage('phone', '--dir', path.join(dir, 'phone'), '--key-file');

// Enters a local page with a browser of its own; anything loaded from elsewhere or complained of fails the test.
export async function enter(browser, local, options, language = 'en-GB') {
  const context = await browser.newContext({ locale: language, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  watch(page, await local.address(), options);
  await page.goto(page.address);
  return page;
}

export function watch(page, address, options) {
  const scripted = options?.javaScriptEnabled !== false;
  Object.assign(page, { address, scripted, origin: new URL(address).origin, foreign: [], complaints: [] });
  page.on('request', (request) => {
    if (!request.url().startsWith(page.origin)) page.foreign.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
}

// Nothing foreign, nothing complained of, not wider than the screen, no crushed text, and nothing that axe finds.
export async function sound(page) {
  assert.deepEqual(page.foreign, [], 'nothing is loaded from elsewhere');
  assert.deepEqual(page.complaints, [], 'the browser complains of nothing');
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wider <= 0, `the page is ${wider} px wider than the screen`);
  const crushed = await page.$$eval('dd', (all) => all.map((one) => one.clientWidth).filter((width) => width < 100));
  assert.deepEqual(crushed, [], 'no text is broken letter by letter');
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  const faults = found.violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html).join(' | ')}`);
  assert.deepEqual(faults, []);
}

export const shot = (page, name) => page.screenshot({ path: path.join(shots, `local-${name}.png`), fullPage: true });

export async function enrol(page, card, pin = '271828') {
  await page.fill('#card', card);
  await page.click('main .main');
  await page.fill('#pin', pin);
  await page.fill('#again', pin);
  await page.click('main .main');
  await page.waitForSelector('text=/This phone|Ce téléphone/');
}

// A phone that has a card, a PIN and the questionnaire.
export async function supplied(browser, card, options = phone, language = 'en-GB') {
  const dir = folder();
  const local = await phoneOver(dir);
  const page = await enter(browser, local, options, language);
  await enrol(page, card);
  await sync(page);
  return { dir, local, page };
}

export const leave = async ({ local, page }) => {
  await page.context().close();
  await local.end();
};

export async function unlock(page, pin = '271828') {
  await page.fill('#pin', pin);
  await page.click('main .main');
}

export async function sync(page) {
  await go(page, 'sync');
  await Promise.all([page.waitForNavigation(), page.click('main button.main')]);
  await page.waitForSelector('#sync[data-running=false] .notice, #sync[data-running=false] .wrong', { timeout: 30000 });
  return page.textContent('#sync');
}

// Another page of the phone, by its address.
export const go = (page, name) => page.goto(`${page.address.slice(0, page.address.lastIndexOf('/'))}/${name}`);

export async function begin(page) {
  await go(page, 'home');
  await page.click('button[value=returnee_screening]');
  await page.waitForSelector('#page');
}

// Answers what is asked on the page, by the names of the questions, else with what raises nothing.
async function answerPage(page, answers) {
  const asked = new Set();
  for (;;) {
    const all = await page.$$eval('#questions .question', (questions) => questions.map((q) => q.dataset.path));
    const path = all.find((one) => !asked.has(one));
    if (path === undefined) return;
    asked.add(path);
    const field = page.locator(`[name="a:${path}"]`);
    const kinds = await field.evaluateAll((fields) => fields.map((f) => [f.tagName === 'SELECT' ? 'select' : f.type, f.value]));
    if (kinds.length === 0) continue;
    const offered = kinds.map(([, value]) => value);
    const wanted = answers[path] ?? ['no', 'none'].find((word) => offered.includes(word));
    if (wanted === undefined) continue;
    const give = async () => {
      if (kinds[0][0] === 'select') return field.selectOption(wanted);
      if (['radio', 'checkbox'].includes(kinds[0][0])) return page.check(`[name="a:${path}"][value="${wanted}"]`);
      await field.fill(wanted);
      return field.blur();
    };
    const there = await field.evaluateAll((fields, value) => fields.some((f) =>
      f.value === value && (f.checked || !['radio', 'checkbox'].includes(f.type))), wanted);
    if (there) continue;
    // with script an answer is saved at once, and may bring questions or take them away
    const saved = page.scripted ? page.waitForEvent('requestfinished', (one) => one.method() === 'GET' && one.url().includes('/interview/')) : null;
    await give();
    await saved;
    if (saved) await page.waitForTimeout(20);
  }
}

// Leads the interview until `until` says so, or to the review.
export async function walk(page, answers, until = () => false) {
  for (let n = 0; n < 80; n += 1) {
    if (page.url().includes('/review/') || await until(page)) return;
    await answerPage(page, answers);
    await page.click('#page .steps .main');
    await page.waitForLoadState();
  }
  assert.fail('the interview does not end');
}

// From the review to the slip: its two codes.
export async function seal(page) {
  await page.click('a.main');
  await page.click('button.main');
  await page.waitForSelector('#code');
  return { code: await page.textContent('#code'), second: await page.textContent('#undo') };
}

// Agrees to everything.
export const agreed = {
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`s3_c${n}`, 'yes'])),
  s1_private: 'yes', s1_alone: 'yes', s2_age: '22', s3_stats: 'yes',
};
