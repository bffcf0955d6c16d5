// A referral through two phones in the browser, side by side: the focal point's and the provider's, with the real server between
// them. Screenshots go to out/browser, for people to look at.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { agreed, begin, deployment, go, launch, phone, seal, shot, sound, supplied, sync, walk } from './local.js';

let server, browser;
before(async () => {
  server = await deployment();
  browser = await launch();
});

const enrolled = async (card, language) => (await supplied(browser, card, phone, language)).page;

for (const [name, language, gone] of [['en', 'en-GB', 'no longer wanted'], ['fr', 'fr-FR', 'plus souhaitée']]) {
  test(`a referral and its answer, side by side, ${name}`, async () => {
    const clinic = `Clinic ${name}`;
    const provider = await enrolled((await server.tell(`provider ${clinic}`)).card, language);
    const focal = await enrolled(await server.card(), language);
    await begin(focal);
    await walk(focal, { ...agreed, x_health: 'yes', j_work: 'yes', n_need: 'sv_medical', s3_keep: 'yes', c_name: 'Ines', c_reach: '+257 79 000 001' });
    const code = (await seal(focal)).code.trim();
    let taps = 0;
    const tap = async (what, page = focal) => { taps += 1; await page.click(what); await page.waitForLoadState(); };
    await tap('a[href^="refer/"]');
    await shot(focal, `refer-${name}`);
    await sound(focal);
    const offered = await focal.$$eval('main a.row', (rows) => rows.map((row) => row.getAttribute('href').split('/')[2]));
    assert.equal(offered[0], 'sv_medical', 'what she asked for in the interview comes first');
    assert.ok(await focal.isHidden('a[href$="/sv_legal"]'), 'other services are folded away');
    await tap('a[href$="/sv_medical"]');
    await shot(focal, `refer-whom-${name}`);
    await sound(focal);
    await tap(`a[href*="/sv_medical/"]:has-text("${clinic}")`);
    assert.equal(await focal.locator('.question :checked[type=checkbox]').count(), 0, 'what she said is there, and none of it agreed');
    await focal.check('[type=checkbox][name=name]');
    await focal.check('[type=checkbox][name=age_band]');
    await focal.fill('#situation', 'must not be called at home');
    await shot(focal, `refer-share-${name}`);
    await sound(focal);
    await tap('button[value=look]');
    assert.match(await focal.textContent('main'), /Ines/);
    assert.ok(!(await focal.textContent('main')).includes('79 000 001'), 'what is not ticked is not shared');
    await shot(focal, `refer-seen-${name}`);
    await sound(focal);
    await focal.click('button[value=change]');
    assert.equal(await focal.inputValue('#situation'), 'must not be called at home', 'who goes back loses nothing');
    assert.ok(await focal.isChecked('[type=checkbox][name=age_band]') && !await focal.isChecked('[type=checkbox][name=contact_reach]'));
    await focal.click('button[value=look]');
    await tap('button[value=send]');
    await shot(focal, `referral-queued-${name}`);
    console.log(`taps for a referral, after the interview: ${taps}`);
    assert.ok(taps <= 6, `${taps} taps`);
    await go(focal, 'records/0');
    await focal.click('a[href^="slip/"]');
    assert.ok(!(await focal.textContent('main')).includes(clinic), 'no name before the person was asked');
    await focal.click('a[href$="found=yes"]');
    const [hers, theirs] = await focal.locator('.slip').allTextContents();
    assert.ok(hers.includes(clinic) && !theirs.includes(clinic), 'where to go stands on her part');
    const second = (await focal.textContent('#undo')).trim();
    assert.ok(theirs.includes(code) && !theirs.includes(second), 'who keeps the other part cannot withdraw');
    await shot(focal, `slip-two-parts-${name}`);
    await sound(focal);
    await sync(focal);
    await sync(provider);
    await go(provider, 'home');
    assert.ok((await provider.textContent('main')).includes(code.slice(0, 5)), 'the code, and no name');
    assert.ok(!(await provider.textContent('main')).includes('Ines'));
    await shot(provider, `provider-home-${name}`);
    await sound(provider);
    taps = 0;
    await tap('a[href^="incoming/"]', provider);
    assert.match(await provider.textContent('main'), /Ines/);
    await tap('input[name=status][value="8"]', provider);
    await provider.fill('#appointment', '2026-12-01 09:00');
    await provider.fill('#text', 'ask for Sister Beata');
    await shot(provider, `provider-answer-${name}`);
    await sound(provider);
    await tap('main button.main', provider);
    console.log(`taps for an answer: ${taps}`);
    assert.ok(taps <= 3, `${taps} taps`);
    await sync(provider);
    await sync(focal);
    await go(focal, 'referrals');
    await shot(focal, `referrals-${name}`);
    await sound(focal);
    await focal.click('a[href^="referral/"]');
    assert.match(await focal.textContent('main'), /Sister Beata/);
    await shot(focal, `referral-answered-${name}`);
    await sound(focal);
    // she no longer agrees: nothing of her is left on the provider's device
    await focal.click('details:has(form[action^="referral-withdraw/"]) summary');
    await focal.click('form[action^="referral-withdraw/"] button');
    await sync(focal);
    await go(provider, 'home');
    const opened = await provider.getAttribute('a[href^="incoming/"]', 'href');
    await sync(provider);
    await go(provider, opened);
    const left = await provider.textContent('main');
    assert.ok(!left.includes('Ines') && left.includes(gone), left);
    await shot(provider, `provider-withdrawn-${name}`);
    await sound(provider);
  });
}

test('a child goes to child protection, is declined, goes to a second provider; one without a device is called at once', async () => {
  // Given two providers with a device, one without, and a child who came alone
  const [first, second] = [await enrolled((await server.tell('provider House of Ngozi')).card), await enrolled((await server.tell('provider House of Gitega')).card)];
  await server.tell('service Sister Beata');
  const focal = await enrolled(await server.card());
  await begin(focal);
  await walk(focal, { ...agreed, s2_age: '15', s2_caregiver: 'no', s3_assent: 'yes', s3_caregiver: 'none_present', n_need: 'sv_child' });
  await seal(focal);
  // Then child protection comes first, and her own agreement is enough for nothing else
  await focal.click('a[href^="refer/"]');
  const case_ = focal.url().split('/').at(-1);
  assert.match(await focal.textContent('.warning'), /child protection/);
  await shot(focal, 'refer-child-en');
  const refer = async (need, to, { urgency = 'd1', agreement } = {}) => {
    await go(focal, `refer/${case_}/${need}`);
    await focal.click(`a[href*="/${need}/"]:has-text("${to}")`);
    await focal.check(`input[name=urgency][value=${urgency}]`);
    if (agreement) await focal.check(`input[name=agreement][value=${agreement}]`);
    await focal.fill('#name', 'Ines');
    await focal.click('button[value=look]');
  };
  await refer('sv_medical', 'House of Ngozi', { agreement: 'individual' });
  assert.match(await focal.textContent('.notice'), /for a child a caregiver, or child protection/);
  await refer('sv_child', 'House of Ngozi');
  await focal.click('button[value=send]');
  await sync(focal);
  const open = async (provider) => {
    await sync(provider);
    await go(provider, 'home');
    await provider.click('a[href^="incoming/"]');
  };
  // When the house is full and names another one
  await open(first);
  await first.check('input[name=status][value="6"]');
  await first.click('details:has(#propose) summary');
  await first.check('input[name=declined][value=no_capacity]');
  await first.fill('#propose', 'House of Gitega');
  await first.check('input[name=full]');
  await shot(first, 'provider-declines-en');
  await sound(first);
  await first.click('main button.main');
  await sync(first);
  await sync(focal);
  // Then the focal point's first screen says so, and the second house gets her
  await go(focal, 'home');
  await shot(focal, 'home-declined-en');
  await sound(focal);
  await focal.click('main a[href^="referral/"]');
  assert.match(await focal.textContent('main'), /All places are taken[\s\S]*House of Gitega/);
  await shot(focal, 'referral-declined-en');
  await sound(focal);
  await focal.click('a[href$="/sv_child"]');
  await focal.click('a[href*="/sv_child/"]:has-text("House of Gitega")');
  await focal.fill('#name', 'Ines');
  await focal.click('button[value=look]');
  await focal.click('button[value=send]');
  await sync(focal);
  await open(second);
  await second.check('input[name=status][value="8"]');
  await second.click('main button.main');
  await sync(second);
  await sync(first);
  await sync(focal);
  await go(first, 'home');
  assert.equal(await first.locator('a[href^="incoming/"]').count(), 1, 'she knows nothing of the other one');
  await go(focal, 'home');
  assert.ok(!(await focal.textContent('main')).includes('House of Ngozi'), 'what another took is not pressing');
  // When a doctor is needed within the hour, and the one at hand has no device
  await refer('sv_medical', 'Sister Beata', { urgency: 'h1', agreement: 'vital_interest' });
  assert.match(await focal.textContent('.urgent'), /Call now/);
  assert.ok((await focal.textContent('main')).includes('+257 22 00 00 00'));
  await shot(focal, 'refer-call-now-en');
  await sound(focal);
  await focal.click('button[value=send]');
  await shot(focal, 'referral-call-now-en');
  await sound(focal);
  assert.ok(await focal.isChecked('input[name=by_telephone]'));
  await focal.check('input[name=status][value="3"]');
  await focal.fill('#text', 'she comes with the ambulance');
  await focal.click('main form button.main');
  assert.match(await focal.textContent('.log'), /Said on the telephone[\s\S]*ambulance/);
  await shot(focal, 'referral-told-by-telephone-en');
});
