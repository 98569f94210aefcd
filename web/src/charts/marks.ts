/** Something that happened: it is marked at the foot of every chart of the page. */
export interface ChartMark {
  /** Unix milliseconds. */
  at: number;
  severity: string;
  text: string;
}

/** The marks within so many milliseconds of a moment, the nearest first. */
export function marksNear(marks: readonly ChartMark[], at: number, within: number): ChartMark[] {
  return marks
    .filter((m) => Math.abs(m.at - at) <= within)
    .sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at));
}

/** What is said of marks in one line: the first, and how many there are besides. */
export function marksText(marks: readonly ChartMark[]): string {
  const [first] = marks;
  if (!first) return '';
  return marks.length > 1 ? `${first.text} (and ${marks.length - 1} more)` : first.text;
}

/** The colour of a mark, as a CSS variable. */
export function markColour(severity: string): string {
  return { critical: '--down', warning: '--degraded-mark' }[severity] ?? '--muted';
}
