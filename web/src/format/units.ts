/** In which units sizes and rates are written. */
export interface Units {
  /** Memory and disks: steps of 1,024 (GiB) or of 1,000 (GB). */
  size: 'iec' | 'si';
  /** Networks: bits or bytes a second. */
  network: 'bits' | 'bytes';
}

const usual: Units = { size: 'iec', network: 'bits' };
const key = 'pulse.units';
const listeners = new Set<() => void>();
let chosen = stored();

function stored(): Units {
  try {
    const [size, network] = (localStorage.getItem(key) ?? '').split(' ');
    return {
      size: size === 'si' ? 'si' : usual.size,
      network: network === 'bytes' ? 'bytes' : usual.network,
    };
  } catch {
    return usual;
  }
}

/** The units that are chosen in this browser. */
export function units(): Units {
  return chosen;
}

/** Writes in other units from now on. */
export function setUnits(next: Partial<Units>): void {
  chosen = { ...chosen, ...next };
  try {
    localStorage.setItem(key, `${chosen.size} ${chosen.network}`);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  for (const l of listeners) l();
}

export function onUnits(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
