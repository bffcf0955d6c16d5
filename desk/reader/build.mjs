// Builds reader.html: one file with script, style and texts in it. The same sources give the same bytes; `--check` compares
// them with the file that is there.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const read = (name) => readFileSync(path.join(here, name), 'utf8');

function texts(tag) {
  const lines = read(`../i18n/reader.${tag}.ftl`).split('\n').filter((line) => line && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf(' = ');
    return [line.slice(0, at), line.slice(at + 3)];
  }));
}

const TEXTS = { en: texts('en'), fr: texts('fr') };
const ids = Object.keys(TEXTS.en);
const lacking = ids.filter((id) => !TEXTS.fr[id]).concat(Object.keys(TEXTS.fr).filter((id) => !TEXTS.en[id]));
if (lacking.length) throw new Error(`one language lacks: ${lacking}`);

const made = await build({
  entryPoints: [path.join(here, 'src/page.mjs')], bundle: true, minify: true, write: false, format: 'iife', target: 'es2022',
  charset: 'ascii', legalComments: 'none', define: { __TEXTS__: JSON.stringify(TEXTS) }, absWorkingDir: here,
});
const script = made.outputFiles[0].text.trim().replaceAll('</script', '<\\/script');
const style = read('src/style.css').trim();
const hash = (text) => createHash('sha256').update(text).digest('base64');
const packages = Object.keys(JSON.parse(read('package-lock.json')).packages)
  .filter((name) => /^node_modules\/(@noble\/(ciphers|curves|hashes|post-quantum)|@scure\/base|age-encryption|fflate)$/.test(name));
const notice = packages.map((name) => `${name.slice(13)}\n\n${read(`${name}/LICENSE`).trim().replaceAll('--', '- -')}`).join('\n\n');
const parts = { NOTICE: `\n${notice}\n`, 'SCRIPT-HASH': hash(script), 'STYLE-HASH': hash(style), STYLE: style, SCRIPT: script };
// one pass, so that nothing in a part is taken for a place of another
const html = read('src/page.html').replace(/(?<=sha256-)S\w+-HASH|(?<=<!--)NOTICE|(?<=<style>)STYLE|(?<=<script>)SCRIPT/g, (name) => parts[name]);

const output = path.join(here, 'reader.html');
if (process.argv.includes('--check')) {
  if (readFileSync(output, 'utf8') !== html) throw new Error('reader.html is not what these sources give: run node build.mjs');
} else {
  writeFileSync(output, html);
}
console.log(`${html.length} bytes, SHA-256 ${createHash('sha256').update(html).digest('base64url')}`);
