import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Where the pictures lie that pages are compared with. `make baselines` makes them anew. */
const dir = path.join(import.meta.dirname, '../baselines');
const updating = process.env.UPDATE === '1';

/** Half the size shows all that is of interest, and is a quarter of the bytes. */
export const scale = 0.5;

/** A channel that differs by so much of 255 is another colour; less is how edges are smoothed. */
const channel = 56;
/** So many of a thousand pixels may be of another colour: a word that is longer, a number that has another digit. */
const share = 6;
/** And so many before one is kept anew: what is tolerated must not add up from change to change. */
const drift = 1;

/**
 * What is another each time: ages, measured values, curves, logs, commands with the path or the key of a server. Each
 * keeps a place of one size, unless its page gives it one, or what is beside it would stand elsewhere by a digit more.
 */
const volatile = `
  time, pre, [data-volatile], figure canvas, [role=log], [role=status] { visibility: hidden !important }
  @layer base {
    time, [data-volatile] { display: inline-block; overflow: hidden; white-space: nowrap; vertical-align: bottom }
    time { width: 7em }
    [data-volatile] { width: 4em }
  }`;

/** Says in one line how a browser draws: pictures compare only where that is the same. */
async function hand(page) {
  const widths = await page.evaluate(() => {
    const context = document.createElement('canvas').getContext('2d');
    const fonts = [getComputedStyle(document.body).fontFamily, 'monospace'];
    return fonts.map((font) => {
      context.font = `20px ${font}`;
      return Math.round(context.measureText('The quick brown fox: 0123456789').width * 100);
    });
  });
  return `Chromium ${page.context().browser().version().split('.')[0]}, fonts ${widths.join(' ')}\n`;
}

/** Whether pictures of here can be compared with those that are kept; when they are made anew, that is noted. */
export async function comparable(page) {
  const file = path.join(dir, 'drawn-by.txt');
  const here = await hand(page);
  if (updating) {
    await mkdir(dir, { recursive: true });
    await writeFile(file, here);
    return true;
  }
  return (await readFile(file, 'utf8').catch(() => '')) === here;
}

/** Runs in the page. Draws pictures, given as URLs, and returns how many of a thousand pixels differ, and the last one packed. */
async function compare([before, now, channel]) {
  const draw = async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return { canvas, data: context.getImageData(0, 0, canvas.width, canvas.height).data };
  };
  const b = await draw(now);
  const packed = b.canvas.toDataURL('image/webp', 0.8);
  if (before === '') return { packed, differ: 1000 };
  const a = await draw(before);
  if (a.data.length !== b.data.length || a.canvas.width !== b.canvas.width) return { packed, differ: 1000 };
  let count = 0;
  for (let i = 0; i < b.data.length; i += 4) {
    const d = Math.max(...[0, 1, 2].map((c) => Math.abs(a.data[i + c] - b.data[i + c])));
    if (d > channel) count++;
  }
  return { packed, differ: (count / (b.data.length / 4)) * 1000 };
}

/**
 * Compares what the page shows with the picture that is kept of it. Painter is another page, of no site, which does the
 * work: that under test allows no pictures from elsewhere.
 */
export async function looksAsBefore(page, painter, name) {
  // A sheet that a script makes is what the content security policy lets through.
  await page.evaluate((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets.push(sheet);
  }, volatile);
  const shot = await page.screenshot({ animations: 'disabled' });
  await page.evaluate(() => document.adoptedStyleSheets.pop());
  const file = path.join(dir, `${name}.webp`);
  const kept = await readFile(file).catch(() => undefined);
  const url = (type, bytes) => (bytes ? `data:image/${type};base64,${bytes.toString('base64')}` : '');
  const { packed, differ } = await painter.evaluate(compare, [url('webp', kept), url('png', shot), channel]);
  if (updating) {
    // One that looks the same is left as it is, so that a change shows what changed.
    if (differ > drift) await writeFile(file, Buffer.from(packed.split(',')[1], 'base64'));
    return;
  }
  if (differ <= share) return;
  if (!kept) return console.log(`SKIP ${name}: there is no picture to compare with; make baselines takes it`);
  const seen = path.join(process.env.PICTURES ?? '/tmp', `${name}.png`);
  await writeFile(seen, shot);
  assert.fail(
    `${name} looks different: ${differ.toFixed(1)} of 1000 pixels. Look at ${seen} beside ${file}; if it is right, run make baselines.`,
  );
}
