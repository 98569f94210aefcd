import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, id;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  // The demo's first machine has the agent's name: they may be one.
  pulse.startAgent('machine-001');
  await pulse.call('POST', '/api/integrations', {
    body: { kind: 'demo', name: 'lab', config: { machines: 1, guests: 1 } },
  });
  await eventually('the agent reported', async () => (id = (await pulse.hosts())[0]?.id));
  await eventually('a merge is offered', async () => {
    const { merges } = await pulse.call('GET', '/api/v2/resources/merges');
    return merges.length === 1;
  });
  page = await openPage(await member(browser, pulse));
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

test('machines that may be one are offered, merged and told apart by people', async () => {
  await page.goto(`/r/${id}`);
  const card = page.getByRole('region', { name: 'Identity' });
  await card.getByText('May be the same machine as').waitFor();
  await card.getByText('the same host name, 50 % sure').waitFor();
  await card.getByRole('button', { name: 'Same machine' }).click();
  await card.getByText('Several sources see this machine.').waitFor();
  await eventually('it is one resource', async () => {
    const got = await pulse.call('GET', `/api/v2/resources/${id}`);
    return got.sources.length === 2;
  });
  await card.getByRole('button', { name: 'They are not one machine' }).click();
  await card.getByRole('button', { name: 'Tell them apart' }).click();
  await eventually('they are two', async () => {
    const got = await pulse.call('GET', `/api/v2/resources/${id}`);
    return got.sources.length === 1;
  });
  await card.getByText('Several sources see this machine.').waitFor({ state: 'detached' });
  clean(page);
});
