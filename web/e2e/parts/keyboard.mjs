import assert from 'node:assert/strict';

/** What has the focus, and whether one can see that: an outline, or a ring that is drawn as a shadow. */
export function focusedOn(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    return {
      tag: element.tagName.toLowerCase(),
      text: (
        element.getAttribute('aria-label') ??
        element.labels?.[0]?.innerText ??
        element.innerText ??
        ''
      ).trim(),
      row: element.closest('tbody tr') !== null,
      visible:
        (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none',
    };
  });
}

/** Presses Tab until the focus is where it shall be, and sees to it that it is visible at each step. */
export async function tabOn(page, what, reached) {
  const seen = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const now = await focusedOn(page);
    seen.push(`${now.tag} ${now.text}`);
    if (now.tag !== 'body') assert.ok(now.visible, `the focus is visible on ${seen.at(-1)}`);
    if (reached(now)) return;
  }
  assert.fail(`Tab does not reach ${what}: ${seen.join(', ')}`);
}
