import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';

/** Sees to it that nothing is wrong with the layout, once it has followed the size of the screen. */
export async function fits(page, what) {
  // Two frames: one in which the page learns of its size, one in which it is drawn for it.
  await page.evaluate(
    () => new Promise((done) => window.requestAnimationFrame(() => window.requestAnimationFrame(done))),
  );
  let faults = [];
  const settled = async () => (faults = await page.evaluate(layoutFaults)).length === 0;
  await eventually(what, settled).catch(() => undefined);
  assert.deepEqual(faults, [], what);
}

/**
 * What is wrong with how the page lies on the screen, in words: too wide, outside, or one text over another. It runs in
 * the page, so it uses nothing that is outside of it.
 */
export function layoutFaults() {
  const faults = [];
  const root = document.documentElement;
  const width = root.clientWidth;
  if (root.scrollWidth > width) faults.push(`the page is ${root.scrollWidth} wide on a screen of ${width}`);
  const main = document.querySelector('main');
  if (main && main.scrollWidth > main.clientWidth) {
    faults.push(`the content is ${main.scrollWidth} wide in ${main.clientWidth}`);
  }
  const dialog = document.querySelector('dialog[open]');
  const scope = dialog ?? document.body;
  for (const content of dialog?.querySelectorAll(':scope > :not(.visually-hidden)') ?? []) {
    if (content.scrollWidth <= content.clientWidth) continue;
    faults.push(`the content of the dialog is ${content.scrollWidth} wide in ${content.clientWidth}`);
  }

  /** The part of a rectangle that the boxes around the element let through, or nothing. */
  function clipped(rect, element) {
    let { left, top, right, bottom } = rect;
    for (let e = element; e && e !== root; e = e.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(e);
      if (overflowX === 'visible' && overflowY === 'visible') continue;
      const box = e.getBoundingClientRect();
      if (overflowX !== 'visible') [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
      if (overflowY !== 'visible') [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
    }
    return right - left > 2 && bottom - top > 2 ? { left, top, right, bottom } : undefined;
  }

  /** The nearest box that scrolls sideways by design, such as a wide list. */
  function scrolls(element) {
    for (let e = element; e && e !== main; e = e.parentElement) {
      if (e.scrollWidth > e.clientWidth && /auto|scroll/.test(getComputedStyle(e).overflowX)) return true;
    }
    return false;
  }

  const texts = [];
  const walker = document.createTreeWalker(scope, window.NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    if (!node.data.trim() || element.closest('.visually-hidden, [aria-hidden=true], noscript, option'))
      continue;
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      const seen = clipped(rect, element);
      if (seen && seen.right > width + 1 && !scrolls(element)) {
        faults.push(`“${node.data.trim()}” lies outside of the screen`);
      }
      if (seen) texts.push({ ...seen, text: node.data.trim(), node });
    }
  }
  texts.sort((a, b) => a.top - b.top);
  for (let i = 0; i < texts.length; i++) {
    const a = texts[i];
    for (let j = i + 1; j < texts.length && texts[j].top < a.bottom - 3; j++) {
      const b = texts[j];
      if (a.node === b.node) continue;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 2 && down > 3) faults.push(`“${a.text}” and “${b.text}” overlap`);
    }
  }
  return faults;
}
