// @getodk/xforms-engine for `cargo xtask bench forms`: node --expose-gc web_forms.mjs FOLDER (q2000.xml, roster.xml).
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { JSDOM } from 'jsdom';

// The engine is made for browsers: jsdom lends it a DOM.
const { window } = new JSDOM('<!doctype html><html></html>');
for (const name of Object.getOwnPropertyNames(window)) {
	if (/^(DOM|XML|XPath|Node|Element|Document|Text|Attr|Comment|CDATA|Processing|HTMLElement|FileReader|document$)/.test(name)) {
		globalThis[name] ??= window[name];
	}
}
globalThis.window ??= window;
// Its parser takes Node for CommonJS and asks for __dirname: it must not see Node while it starts. (undici looks at the
// same property, so that it has to be loaded before.)
new Response('');
await fetch('data:,').catch(() => {});
const { versions } = process;
Object.defineProperty(process, 'versions', { value: { ...versions, node: undefined }, configurable: true });
const engine = await import('@getodk/xforms-engine');
Object.defineProperty(process, 'versions', { value: versions, configurable: true });

const none = () => { throw new Error('no attachments'); };
const load = async (name) => {
	const xml = readFileSync(`${process.argv[2]}/${name}.xml`, 'utf8');
	const options = { form: { fetchFormAttachment: none }, instance: { stateFactory: (state) => state } };
	return (await engine.createInstance(xml, options)).root;
};
const walk = (node, out = []) => {
	for (const child of node.currentState.children ?? []) walk(child, (out.push(child), out));
	return out;
};
const name = (node) => node.currentState.reference.split('/').pop();
const heap = () => (gc(), gc(), process.memoryUsage().heapUsed / 1e6);
const median = async (n, act, before = () => {}) => {
	const times = [];
	for (let i = 0; i < n; i++) {
		await before(i);
		const start = performance.now();
		await act(i);
		times.push(performance.now() - start);
	}
	return times.sort((a, b) => a - b)[n >> 1] * 1e3;
};

const base = heap();
const form = await load('q2000');
const memory = heap() - base;
const nodes = Object.fromEntries(walk(form).map((node) => [name(node), node]));
let blocks = 0;
while (nodes[`n_${blocks}`]) blocks++;
const last = blocks - 1;
const total = () => nodes[`t_${last}`].currentState.instanceValue;
// the consent last: as long as nothing is relevant, an answer moves nothing
for (let b = last; b >= 0; b--) nodes[`n_${b}`].setValue(BigInt(2 + (b % 7)));
nodes.consent.selectValue('yes');
total();

const house = await load('roster');
const roster = house.currentState.children.find((node) => node.nodeType.startsWith('repeat-range'));
const dep = house.currentState.children.find((node) => name(node) === 'dep');
const addRow = () => {
	const at = roster.currentState.children.length;
	roster.addInstances();
	const child = (wanted) => roster.currentState.children[at].currentState.children.find((node) => name(node) === wanted);
	child('name').setValue('P');
	child('age').setValue(33n);
	child('sick').selectValue('no');
	return dep.currentState.instanceValue;
};
while (roster.currentState.children.length < 40) addRow();

let turn = 0;
let loading; // takes seconds: measured once
const answer = (block) => () => { nodes[`n_${block}`].setValue(BigInt(10 + (turn++ % 15))); return total(); };
const rows = {
	load_q2000: async () => (loading ??= await median(1, () => load('q2000'))),
	chain_200: () => median(3, answer(0)),
	local_answer: () => median(20, answer(last)),
	finish_q2000: () => median(3, () => walk(form).filter((node) => node.currentState.relevant && node.validationState.violation).length, answer(last)),
	roster_add_row: () => median(10, addRow, () => { if (roster.currentState.children.length > 40) roster.removeInstances(40); }),
	memory_q2000: () => memory,
	check: () => { nodes.n_0.setValue(10n); nodes[`n_${last}`].setValue(10n); return total(); },
};
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) console.log(String((await rows[line.trim()]?.()) ?? '-'));
