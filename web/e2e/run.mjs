import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { missing } from './parts/processes.mjs';

const here = import.meta.dirname;
const lack = missing();
if (lack) {
  console.error(lack);
  process.exit(1);
}

// What mostly waits starts first, beside the others.
const longest = /^silence/;
// Words on the command line choose files: node e2e/run.mjs login keyboard.
const words = process.argv.slice(2);
const files = readdirSync(here)
  .filter((name) => name.endsWith('.test.mjs') && (words.length === 0 || words.some((w) => name.includes(w))))
  .sort((a, b) => Number(longest.test(b)) - Number(longest.test(a)))
  .map((name) => path.join(here, name));
if (files.length === 0) {
  console.error(`No test file is named like ${words.join(' or ')}.`);
  process.exit(1);
}

const started = Date.now();
let passed = 0;
let failed = 0;
// Each file has a server and a browser of its own, so two at a time is what a small machine bears.
const events = run({ files, concurrency: 2, timeout: 1_200_000 });
events.on('test:pass', (event) => {
  if (event.details.type !== 'suite') passed++;
});
events.on('test:fail', (event) => {
  if (event.details.type !== 'suite') failed++;
});
events.on('end', () => {
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  const seconds = Math.round((Date.now() - started) / 1000);
  process.on('exit', () => console.log(`${passed} passed, ${failed} failed in ${seconds} s`));
});
events.compose(new spec()).pipe(process.stdout);
