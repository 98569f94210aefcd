const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** The order in which people look for names: ct102 comes before ct1002, and capitals make no difference. */
export const natural: (a: string, b: string) => number = collator.compare;
