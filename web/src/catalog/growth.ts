/** How something grew. */
export interface Growth {
  /** By how much in a day, in the unit of what was measured; below 0 when it shrank. */
  perDay: number;
  /** The value now, as the line through all says it. */
  now: number;
}

const day = 86_400_000;
/** So much time has to be measured before a growth is believed. */
const least = day / 2;

/** The growth of a series of Unix milliseconds and values, by least squares; undefined when it says too little. */
export function growthOf(points: readonly (readonly [number, number])[]): Growth | undefined {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || points.length < 3 || last[0] - first[0] < least) return undefined;
  const n = points.length;
  const xs = points.map(([t]) => (t - last[0]) / day);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / n;
  const mx = mean(xs);
  const my = mean(points.map(([, v]) => v));
  let over = 0;
  let under = 0;
  points.forEach(([, v], i) => {
    const dx = (xs[i] ?? 0) - mx;
    over += dx * (v - my);
    under += dx * dx;
  });
  const perDay = over / under;
  return { perDay, now: my - perDay * mx };
}

/** In how many seconds a size is reached; undefined for what does not grow. */
export function fullIn({ perDay, now }: Growth, size: number): number | undefined {
  return perDay > 0 ? (Math.max(0, size - now) / perDay) * 86_400 : undefined;
}
