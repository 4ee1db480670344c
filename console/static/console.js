// Browser code of every page: theme, address, numbers with units, cells of tables.
"use strict";

const consoleUi = (() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  // --- Theme ------------------------------------------------------------------------------------------

  const chosen = () => (document.cookie.match(/(?:^|; )console_theme=(dark|light)/) || [])[1] || "";
  const isDark = () => root.dataset.theme === "dark";

  function apply() {
    root.dataset.theme = chosen() || (system.matches ? "dark" : "light");
    if (window.Quasar) Quasar.Dark.set(isDark());
    window.dispatchEvent(new Event("themechange"));
  }

  function toggleTheme() {
    document.cookie = `console_theme=${isDark() ? "light" : "dark"}; path=/; max-age=31536000; samesite=strict`;
    apply();
  }

  system.addEventListener("change", apply);
  apply();
  const color = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const series = (index) => `var(--series-${index % 12})`; // for series without a fixed colour

  // --- Address ----------------------------------------------------------------------------------------

  const here = () => location.pathname + location.search;
  let shown = here();

  function push(address) {
    if (address !== here()) history.pushState(null, "", address);
    shown = here();
  }
  // A page reads its address once, so the back button reloads the page, except for a jump within the page.
  window.addEventListener("popstate", () => {
    if (here() !== shown) location.reload();
  });
  // Tell the server when the tab is hidden or shown.
  document.addEventListener("visibilitychange", () => {
    if (window.emitEvent) emitEvent("seen", !document.hidden);
  });

  // --- Numbers: the same rules and table as console/units.py ------------------------------------------

  let units = {};
  const thousands = [[0, 1, ""], [1e3, 1e3, " K"], [1e6, 1e6, " M"], [1e9, 1e9, " B"], [1e12, 1e12, " T"]].map(
    ([at, divisor, suffix]) => ({ at, divisor, suffix })
  );

  function unitOf(name) {
    if (units[name || "none"]) return units[name || "none"];
    const suffix = name.startsWith("suffix:") ? name.slice("suffix:".length) : ` ${name}`;
    return { steps: thousands, prefix: "", suffix, factor: 1, digits: 0 };
  }

  function firstDigit(scaled) {
    let place = 0;
    let limit = 1;
    while (scaled < limit && place < 12) limit = Number(`1e-${++place}`);
    return place;
  }

  function decimalsOf(scaled, unit, decimals) {
    if (scaled === 0) return decimals ?? 0;
    if (decimals === null) {
      if (unit.digits) return Math.max(unit.digits, scaled < 10 ? 3 : 2, firstDigit(scaled) + 2);
      decimals = scaled >= 100 ? 0 : scaled >= 10 ? 1 : scaled >= 1 ? 2 : firstDigit(scaled) + 2;
    } else if (scaled < 0.5 * Number(`1e-${decimals}`)) {
      decimals = firstDigit(scaled);
    }
    return Math.min(decimals, 12);
  }

  function stepOf(unit, amount) {
    const { steps } = unit;
    if (amount === 0 && steps.length > 1 && steps[1].at === 1 && steps[1].divisor === 1) return steps[1];
    let found = steps[0];
    for (const step of steps.slice(1)) if (amount >= step.at) found = step;
    return found;
  }

  function formatted(value, unitName, decimals) {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    decimals = decimals ?? null;
    const unit = unitOf(unitName);
    const amount = Math.abs(value) * unit.factor;
    const step = stepOf(unit, amount);
    const scaled = amount / step.divisor;
    const kept = decimals ?? unit.digits;
    let [whole, rest = ""] = scaled.toFixed(decimalsOf(scaled, unit, decimals)).split(".");
    rest = rest.slice(0, kept) + rest.slice(kept).replace(/0+$/, "");
    const minus = value < 0 && Number(`${whole}.${rest || 0}`) ? "−" : "";
    whole = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return `${minus}${unit.prefix}${whole}${rest ? "." : ""}${rest}${step.suffix}${unit.suffix}`;
  }

  // --- Text -------------------------------------------------------------------------------------------

  const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  // For texts from servers in places that take markup, such as tooltips of charts.
  const escaped = (text) => String(text).replace(/[&<>"']/g, (character) => escapes[character]);

  const two = (number) => String(number).padStart(2, "0");
  // Unix milliseconds as UTC.
  function clock(unixMs, withDay = true) {
    const at = new Date(unixMs);
    const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
    return withDay ? `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ${time}` : time;
  }

  // --- Cells of a grid: text and links, never markup ----------------------------------------------------

  function gridCell(params, index) {
    const { data } = params;
    const text = document.createTextNode(data[`t${index}`] ?? "");
    const link = data[`u${index}`];
    if (!link) return text.textContent ? Object.assign(document.createElement("span"), { textContent: text.data }) : "";
    const anchor = document.createElement("a");
    anchor.append(text);
    anchor.href = link.url;
    anchor.title = link.title;
    if (link.new) Object.assign(anchor, { target: "_blank", rel: "noopener" });
    return anchor;
  }

  function gridStyle(params, index) {
    const color = params.data[`k${index}`];
    return { background: color ? `color-mix(in srgb, ${color} 24%, transparent)` : null };
  }

  // --- The width of the page: the server chooses the number of points of a chart by it --------------------

  function remember() {
    document.cookie = `console_width=${Math.round(innerWidth)}; path=/; max-age=31536000; samesite=strict`;
  }
  addEventListener("load", remember);
  addEventListener("resize", remember);

  return {
    gridCell, gridStyle, toggleTheme, color, series, push, formatted, escaped, clock,
    setUnits: (table) => { units = table; },
  };
})();
window.consoleUi = consoleUi;
