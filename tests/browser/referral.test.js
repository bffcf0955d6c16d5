// A referral through two phones in the browser, side by side: the focal point's and the provider's, with the real server between
// them. Screenshots go to out/browser, for people to look at.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  agreed, begin, deployment, endAll, enrol, enter, folder, go, launch, phone, phoneOver, shot, sound, sync, walk,
} from './local.js';

let server, browser;
before(async () => {
  server = await deployment();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await endAll();
});

async function enrolled(card, language) {
  const local = await phoneOver(folder());
  const page = await enter(browser, local, phone, language);
  await enrol(page, card);
  await sync(page);
  return page;
}

for (const [name, language] of [['en', 'en-GB'], ['fr', 'fr-FR']]) {
  test(`a referral and its answer, side by side, ${name}`, async () => {
    const clinic = `Clinic ${name}`;
    const provider = await enrolled((await server.tell(`provider ${clinic}`)).card, language);
    const focal = await enrolled(await server.card(), language);
    await begin(focal);
    await walk(focal, { ...agreed, n_need: 'sv_medical' });
    await focal.click('a.main');
    await focal.click('button.main');
    await focal.waitForSelector('#code');
    const code = (await focal.textContent('#code')).trim();
    let taps = 0;
    const tap = async (what) => { taps += 1; await focal.click(what); await focal.waitForLoadState(); };
    await tap('a[href^="refer/"]');
    await shot(focal, `refer-${name}`);
    await sound(focal);
    if (!(await focal.isVisible('a[href$="/sv_medical"]'))) await tap('main summary');
    await tap('a[href$="/sv_medical"]');
    await shot(focal, `refer-whom-${name}`);
    await sound(focal);
    await tap('a[href*="/sv_medical/"]');
    await focal.fill('#name', 'Ines');
    await focal.fill('#situation', 'must not be called at home');
    await focal.selectOption('#age_band', '18-23');
    await shot(focal, `refer-share-${name}`);
    await sound(focal);
    await tap('button[value=look]');
    assert.match(await focal.textContent('main'), /Ines/);
    await shot(focal, `refer-seen-${name}`);
    await sound(focal);
    await tap('button[value=send]');
    await shot(focal, `referral-queued-${name}`);
    console.log(`taps for a referral, after the interview: ${taps}`);
    await go(focal, 'records/0');
    await focal.click('a[href^="slip/"]');
    await focal.click('a[href$="found=yes"]');
    assert.match(await focal.textContent('main'), new RegExp(clinic));
    await shot(focal, `slip-two-parts-${name}`);
    await sound(focal);
    await sync(focal);
    await sync(provider);
    await go(provider, 'home');
    assert.ok((await provider.textContent('main')).includes(code.slice(0, 5)), 'the code, and no name');
    assert.ok(!(await provider.textContent('main')).includes('Ines'));
    await shot(provider, `provider-home-${name}`);
    await sound(provider);
    await provider.click('a[href^="incoming/"]');
    assert.match(await provider.textContent('main'), /Ines/);
    await provider.check('input[name=status][value="8"]');
    await provider.fill('#appointment', '2026-12-01 09:00');
    await provider.fill('#text', 'ask for Sister Beata');
    await shot(provider, `provider-answer-${name}`);
    await sound(provider);
    await provider.click('main button.main');
    await sync(provider);
    await sync(focal);
    await go(focal, 'referrals');
    await shot(focal, `referrals-${name}`);
    await sound(focal);
    await focal.click('a[href^="referral/"]');
    assert.match(await focal.textContent('main'), /Sister Beata/);
    await shot(focal, `referral-answered-${name}`);
    await sound(focal);
  });
}
