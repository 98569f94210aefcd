import uPlot from 'uplot';
import { moved, scaled, within, type Span } from './span.ts';

/** How long after the last turn of a wheel the part is taken over, in milliseconds. */
const settle = 250;

/** How much one step of a wheel zooms. */
const step = 0.002;

interface Finger {
  x: number;
  y: number;
}

function spanOf(u: uPlot): Span {
  return [u.scales.x?.min ?? 0, u.scales.x?.max ?? 0];
}

/** The distance and the middle of the fingers, along the time axis. */
function grip(fingers: ReadonlyMap<number, Finger>): { width: number; middle: number } {
  const xs = [...fingers.values()].map((f) => f.x);
  const [least, most] = [Math.min(...xs), Math.max(...xs)];
  return { width: most - least, middle: (least + most) / 2 };
}

/**
 * Lets a plot be moved and zoomed, all plots of its group with it: a finger or the mouse with Shift moves, two fingers or the
 * wheel with Ctrl zoom, the wheel with Shift moves. The part is told when the hand comes to rest.
 */
export function addGestures(u: uPlot, group: string, onEnd: (span: Span) => void): () => void {
  const { over } = u;
  const fingers = new Map<number, Finger>();
  let span: Span | undefined;
  let before: Span = [0, 0];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function show(next: Span) {
    span = within(next, Date.now() / 1000);
    const [min, max] = span;
    for (const plot of uPlot.sync(group).plots) plot.setScale('x', { min, max });
  }
  function end() {
    if (span) onEnd(span);
    span = undefined;
  }
  const perPixel = () => {
    const [from, to] = spanOf(u);
    return (to - from) / Math.max(1, over.clientWidth);
  };
  const moment = (clientX: number) => u.posToVal(clientX - over.getBoundingClientRect().left, 'x');

  function down(e: PointerEvent) {
    if (e.pointerType === 'mouse' && !e.shiftKey) return;
    if (fingers.size === 0) before = spanOf(u);
    fingers.set(e.pointerId, { x: e.clientX, y: e.clientY });
    over.setPointerCapture(e.pointerId);
  }
  function move(e: PointerEvent) {
    if (!fingers.has(e.pointerId)) return;
    const held = grip(fingers);
    fingers.set(e.pointerId, { x: e.clientX, y: e.clientY });
    const after = grip(fingers);
    let next = moved(spanOf(u), (held.middle - after.middle) * perPixel());
    if (fingers.size > 1 && held.width > 8 && after.width > 8) {
      next = scaled(next, held.width / after.width, moment(after.middle));
    }
    if (after.middle !== held.middle || after.width !== held.width) show(next);
  }
  function up(e: PointerEvent) {
    if (fingers.delete(e.pointerId) && fingers.size === 0) end();
  }
  // The finger turned out to scroll the page.
  function cancel(e: PointerEvent) {
    if (!fingers.delete(e.pointerId) || !span) return;
    show(before);
    span = undefined;
  }
  function wheel(e: WheelEvent) {
    if (!e.ctrlKey && !e.shiftKey) return;
    e.preventDefault();
    const by = e.deltaY || e.deltaX;
    show(
      e.ctrlKey
        ? scaled(spanOf(u), Math.exp(by * step), moment(e.clientX))
        : moved(spanOf(u), by * perPixel()),
    );
    clearTimeout(timer);
    timer = setTimeout(end, settle);
  }

  over.style.touchAction = 'pan-y';
  over.addEventListener('pointerdown', down);
  over.addEventListener('pointermove', move);
  over.addEventListener('pointerup', up);
  over.addEventListener('pointercancel', cancel);
  over.addEventListener('wheel', wheel, { passive: false });
  return () => {
    clearTimeout(timer);
    over.removeEventListener('pointerdown', down);
    over.removeEventListener('pointermove', move);
    over.removeEventListener('pointerup', up);
    over.removeEventListener('pointercancel', cancel);
    over.removeEventListener('wheel', wheel);
  };
}
