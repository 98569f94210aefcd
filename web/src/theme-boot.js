// Runs before the first paint, as a classic script: sets the chosen theme, so that nothing flashes.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem('pulse.theme');
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  var dark = matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme =
    chosen === 'dark' || (chosen !== 'light' && dark) ? 'dark' : 'light';
})();
