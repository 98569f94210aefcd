/** A key, or keys one after the other, and what they do. */
export interface Keyed {
  keys: string;
  does: string;
}

/** The keys that go to a page. */
export const going: readonly (Keyed & { to: { to: string; params?: Record<string, string> } })[] = [
  { keys: 'g o', does: 'Overview', to: { to: '/' } },
  { keys: 'g i', does: 'Infrastructure', to: { to: '/$family', params: { family: 'infrastructure' } } },
  { keys: 'g w', does: 'Workloads', to: { to: '/$family', params: { family: 'workloads' } } },
  { keys: 'g a', does: 'Alerts', to: { to: '/alerts' } },
  { keys: 'g p', does: 'Plugins', to: { to: '/plugins' } },
  { keys: 'g s', does: 'Settings', to: { to: '/settings' } },
];

/** All keys, by where they work. */
export const keymap: readonly { title: string; keys: readonly Keyed[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      { keys: 'Ctrl+K', does: 'Find a resource, a page or an action' },
      { keys: '?', does: 'Show this list' },
      { keys: 'Esc', does: 'Close, or clear the filter' },
    ],
  },
  { title: 'Go to', keys: going },
  {
    title: 'In lists',
    keys: [
      { keys: '/', does: 'Filter' },
      { keys: 'j', does: 'Next row' },
      { keys: 'k', does: 'Row before' },
      { keys: 'Enter', does: 'Open the row' },
      { keys: 'x', does: 'Select the row, as the space bar does' },
      { keys: 'X', does: 'Select all rows up to it' },
    ],
  },
  {
    title: 'Among the days of backups',
    keys: [
      { keys: '← →', does: 'Day before, next day' },
      { keys: '↑ ↓', does: 'Same day of another guest' },
    ],
  },
];
