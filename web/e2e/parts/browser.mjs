import { chromium as engine } from 'playwright-core';
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { chromium } from './processes.mjs';
import { patience } from './eventually.mjs';
import { admin } from './pulse.mjs';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser. */
export function startBrowser() {
  return engine.launch({ executablePath: chromium, args: flags, timeout: patience });
}

/** A profile of its own: no cookie, no storage. */
export async function visitor(browser, pulse, options = {}) {
  const context = await browser.newContext({
    baseURL: pulse.url,
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...options,
  });
  context.setDefaultTimeout(patience);
  return context;
}

/** A profile that is logged in. */
export async function member(browser, pulse, options = {}) {
  const context = await visitor(browser, pulse, options);
  await logIn(context, pulse);
  return context;
}

async function logIn(context, pulse) {
  const got = await context.request.post(`${pulse.url}/api/login`, {
    data: { username: admin.name, password: admin.password },
  });
  assert.equal(got.status(), 200, `log in: ${await got.text()}`);
}

// Every page that a test opens must be clean, whether the test looks at that or not.
const opened = new Set();
if (process.env.NODE_TEST_CONTEXT) {
  afterEach(() => {
    const faults = [...opened].flatMap((page) => page.faults);
    for (const page of opened) {
      page.faults = [];
      if (page.isClosed()) opened.delete(page);
    }
    assert.deepEqual(faults, [], 'the consoles of all pages are clean');
  });
}

/**
 * Opens a page whose console must stay clean: errors, exceptions, rejections that nobody handles and violations of the
 * content security policy are collected in page.faults, but for those that the test expects. A test that leaves faults
 * behind fails.
 */
export async function openPage(context, { expected = [] } = {}) {
  const page = await context.newPage();
  page.faults = [];
  page.expected = expected;
  opened.add(page);
  const fault = (text) => {
    if (!page.expected.some((e) => e.test(text))) page.faults.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error') fault(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => fault(`exception: ${error.stack ?? error.message}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => {
      console.error(`policy ${e.violatedDirective} refused ${e.blockedURI || 'inline code'}`);
    });
  });
  return page;
}

/** Fails when the page's console was not clean. */
export function clean(page) {
  assert.deepEqual(page.faults, [], 'the console is clean');
}
