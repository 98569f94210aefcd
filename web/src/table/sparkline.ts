import type { Values } from '@/live/trends.ts';

/** Where a line is whole: runs of places, broken where more is missing than usually lies between two values. */
export function pieces(values: Values): number[][] {
  const known = values.flatMap((v, i) => (v === null ? [] : [i]));
  const steps = known.slice(1).map((at, i) => at - (known[i] ?? at));
  const usual = [...steps].sort((a, b) => a - b)[Math.floor((steps.length - 1) / 2)] ?? 1;
  const runs: number[][] = [];
  known.forEach((at, i) => {
    if (i === 0 || (steps[i - 1] ?? 0) > usual * 2.5) runs.push([]);
    runs[runs.length - 1]?.push(at);
  });
  return runs;
}

/** The value at the upper edge. A share has a fixed whole, so that idle looks idle; anything else is as high as its peak. */
export function topOf(values: Values, whole: number | undefined): number {
  const peak = values.reduce<number>((most, v) => Math.max(most, v ?? 0), 0);
  if (whole === undefined) return peak || 1;
  return Math.min(whole, Math.max(peak * 1.1, whole / 4));
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Draws a line on a soft ground into a box. */
export function drawSparkline(
  to: CanvasRenderingContext2D,
  values: Values,
  whole: number | undefined,
  box: Box,
  colour: string,
): void {
  const top = topOf(values, whole);
  const x = (i: number) => box.x + (i / (values.length - 1)) * box.width;
  const y = (i: number) => box.y + box.height * (1 - Math.min(1, Math.max(0, (values[i] ?? 0) / top)));
  to.strokeStyle = to.fillStyle = colour;
  to.lineWidth = 1.25;
  to.lineJoin = 'round';
  for (const run of pieces(values)) {
    const [first = 0] = run;
    const last = run[run.length - 1] ?? first;
    if (first === last) {
      to.fillRect(x(first) - 1, y(first) - 1, 2, 2);
      continue;
    }
    to.beginPath();
    for (const i of run) to.lineTo(x(i), y(i));
    to.stroke();
    to.lineTo(x(last), box.y + box.height);
    to.lineTo(x(first), box.y + box.height);
    to.globalAlpha = 0.14;
    to.fill();
    to.globalAlpha = 1;
  }
}
