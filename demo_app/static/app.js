'use strict';

/* Support page. Everything the server sends is put on the page as text nodes; the small
   Markdown subset below builds elements itself and never parses HTML. */

// ---------------------------------------------------------------- small helpers

function el(tag, attrs, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attrs || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'class') node.className = value;
    else if (key === 'onclick') node.addEventListener('click', value);
    else node.setAttribute(key, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const store = {
  get(key) {
    try { return localStorage.getItem('vestibay.' + key); } catch { return null; }
  },
  set(key, value) {
    try { localStorage.setItem('vestibay.' + key, value); } catch { /* private mode */ }
  },
};

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const integer = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

function formatMs(ms) {
  if (!isNumber(ms)) return '–';
  if (ms < 10) return ms.toFixed(1) + ' ms';
  if (ms < 1000) return Math.round(ms) + ' ms';
  return (ms / 1000).toFixed(2) + ' s';
}

/** At least four decimals, and three significant digits for very small amounts. */
function formatUsd(value) {
  if (value === 0) return '$0.0000';
  const size = Math.abs(value);
  let digits = size >= 0.1 ? 4 : 5;
  if (size < 0.001) digits = Math.min(9, Math.ceil(-Math.log10(size)) + 2);
  return '$' + value.toFixed(digits);
}

function costText(info) {
  if (!isNumber(info.cost_usd)) {
    return info.cost_source === 'unpriced' ? 'unpriced' : 'unknown';
  }
  return formatUsd(info.cost_usd);
}

// ---------------------------------------------------------------- Markdown subset

/** Splits text into blocks; each keeps its raw text, so unchanged ones are not redrawn. */
function splitBlocks(text) {
  const blocks = [];
  let current = null;
  const close = () => { if (current) { blocks.push(current); current = null; } };
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    if (current && current.type === 'code') {
      if (/^\s*```\s*$/.test(line)) { current.done = true; close(); } else current.lines.push(line);
      continue;
    }
    if (/^\s*```/.test(line)) { close(); current = { type: 'code', lines: [] }; continue; }
    if (!line.trim()) {
      // A blank line inside a list does not end it; a following plain line does.
      if (current && current.type === 'list') current.gap = true; else close();
      continue;
    }
    if (/^#{1,6}\s+/.test(line)) { close(); blocks.push({ type: 'heading', lines: [line.replace(/^#{1,6}\s+/, '')] }); continue; }
    if (/^\s*([-*+]|\d{1,3}[.)])\s+/.test(line)) {
      if (!current || current.type !== 'list') { close(); current = { type: 'list', lines: [] }; }
      current.gap = false;
      current.lines.push(line);
      continue;
    }
    if (current && current.type === 'list' && (!current.gap || /^\s{2,}/.test(line))) { current.lines.push(line); continue; }
    if (!current || current.type !== 'para') { close(); current = { type: 'para', lines: [] }; }
    current.lines.push(line);
  }
  close();
  for (const block of blocks) block.raw = block.type + '\n' + block.lines.join('\n');
  return blocks;
}

const INLINE = /(`[^`\n]+`)|\*\*(?=\S)([\s\S]*?\S)\*\*|(?<![*\w])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![*\w])|\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]/g;

function inline(parent, text, cite) {
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, bold, italic, refs] = match;
    let nodes = null;
    if (code) nodes = [el('code', null, code.slice(1, -1))];
    else if (bold) { const strong = el('strong'); inline(strong, bold, cite); nodes = [strong]; }
    else if (italic) { const em = el('em'); inline(em, italic, cite); nodes = [em]; }
    else if (refs && cite) nodes = cite(refs.split(',').map(Number));
    if (!nodes) continue;
    if (match.index > last) parent.append(text.slice(last, match.index));
    parent.append(...nodes);
    last = match.index + whole.length;
  }
  if (last < text.length) parent.append(text.slice(last));
}

function buildList(lines, cite) {
  const root = document.createDocumentFragment();
  const stack = []; // open lists, outermost first
  let item = null;
  let text = '';
  const flush = () => {
    if (item) inline(item, text, cite);
    text = '';
  };
  for (const line of lines) {
    const match = /^(\s*)([-*+]|(\d{1,3})[.)])\s+(.*)$/.exec(line);
    if (!match) { text += ' ' + line.trim(); continue; }
    flush();
    const indent = match[1].replace(/\t/g, '    ').length;
    const tag = match[3] ? 'ol' : 'ul';
    while (stack.length > 1 && indent < stack.at(-1).indent) stack.pop();
    let top = stack.at(-1);
    if (!top || (indent >= top.indent + 2 && item)) {
      const list = el(tag, { start: match[3] && match[3] !== '1' ? Number(match[3]) : null });
      (top ? item : root).append(list);
      top = { list, indent, tag };
      stack.push(top);
    } else if (top.tag !== tag) {
      const list = el(tag, { start: match[3] && match[3] !== '1' ? Number(match[3]) : null });
      top.list.after(list);
      top.list = list;
      top.tag = tag;
    }
    item = el('li');
    top.list.append(item);
    text = match[4];
  }
  flush();
  return root;
}

function buildBlock(block, cite) {
  if (block.type === 'code') return [el('pre', { tabindex: 0 }, el('code', null, block.lines.join('\n')))];
  if (block.type === 'list') return [...buildList(block.lines, cite).childNodes];
  const node = el(block.type === 'heading' ? 'h4' : 'p');
  inline(node, block.lines.join('\n'), cite);
  return [node];
}

/** Draws text into an element and, on later calls, redraws only from the first changed block. */
class MarkdownView {
  constructor(host, cite) {
    this.host = host;
    this.cite = cite;
    this.host.classList.add('md');
    this.drawn = [];
    this.caret = null;
  }

  render(text, withCaret = false) {
    if (this.caret) { this.caret.remove(); this.caret = null; }
    const blocks = splitBlocks(text);
    let same = 0;
    while (same < blocks.length && same < this.drawn.length && blocks[same].raw === this.drawn[same].raw) same += 1;
    for (const gone of this.drawn.splice(same)) gone.nodes.forEach((node) => node.remove());
    for (const block of blocks.slice(same)) {
      const nodes = buildBlock(block, this.cite);
      this.host.append(...nodes);
      this.drawn.push({ raw: block.raw, nodes });
    }
    if (withCaret) {
      // Behind the last character: inside the innermost last list item or code block.
      const inner = { UL: ['LI'], OL: ['LI'], LI: ['UL', 'OL'], PRE: ['CODE'] };
      let spot = this.host.lastElementChild;
      while (spot && inner[spot.tagName]?.includes(spot.lastChild?.nodeName)) spot = spot.lastChild;
      this.caret = el('span', { class: 'caret', 'aria-hidden': 'true' });
      (spot || this.host).append(this.caret);
    }
  }

  clear() {
    this.host.replaceChildren();
    this.drawn = [];
    this.caret = null;
  }
}

// ---------------------------------------------------------------- talking to the server

class ServerError extends Error {
  constructor(info) {
    super(info.message);
    this.info = info;
  }
}

function retryAfterSeconds(header) {
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

function errorInfo(body, status, retryAfter) {
  const error = body && typeof body === 'object' && body.error && typeof body.error === 'object' ? body.error : {};
  const text = (value) => (typeof value === 'string' && value ? value : null);
  return {
    status,
    type: text(error.type),
    message: text(error.message) || (status ? `The server answered with status ${status}.` : 'The server reported an error.'),
    hint: text(error.hint),
    traceId: text(error.trace_id),
    retryAfter,
  };
}

async function failure(response) {
  let body = null;
  try { body = await response.json(); } catch { /* not JSON: the status has to do */ }
  return new ServerError(errorInfo(body, response.status, retryAfterSeconds(response.headers.get('Retry-After'))));
}

function identityHeaders() {
  const headers = { 'x-user-id': identity.user };
  if (identity.tenant) headers['x-tenant-id'] = identity.tenant;
  return headers;
}

function post(url, body, signal) {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...identityHeaders() },
    body: JSON.stringify(body),
    signal,
  });
}

async function getList(url) {
  const response = await fetch(url, { headers: { accept: 'application/json' } });
  if (!response.ok) throw await failure(response);
  const list = await response.json();
  if (!Array.isArray(list)) throw new Error('unexpected answer');
  return list.filter((entry) => typeof entry === 'string' && entry);
}

/** Reads a text/event-stream body and yields {event, data}. */
async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let buffer = '';
  let event = 'message';
  let data = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      buffer += done ? decoder.decode() + '\n\n' : decoder.decode(value, { stream: true });
      // Keep an unfinished line, and a final CR that may be half of a CR LF.
      for (;;) {
        const end = /\r\n|\n|\r(?!$)/.exec(buffer);
        if (!end) break;
        const line = buffer.slice(0, end.index);
        buffer = buffer.slice(end.index + end[0].length);
        if (line === '') {
          if (data.length) yield { event, data: data.join('\n') };
          event = 'message';
          data = [];
        } else if (!line.startsWith(':')) {
          const colon = line.indexOf(':');
          const field = colon < 0 ? line : line.slice(0, colon);
          const content = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
          if (field === 'event') event = content;
          else if (field === 'data') data.push(content);
        }
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// ---------------------------------------------------------------- who is asking

const identity = { user: '', tenant: '' };

function randomUser() {
  const bytes = crypto.getRandomValues(new Uint8Array(4));
  return 'user-' + [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function setUpIdentity() {
  const user = document.getElementById('user');
  const tenant = document.getElementById('tenant');
  const apply = (value) => {
    // Header values must be plain ASCII.
    identity.user = value.replace(/[^\x21-\x7e]/g, '').slice(0, 64) || randomUser();
    store.set('user', identity.user);
    return identity.user;
  };
  user.value = apply(store.get('user') || '');
  user.addEventListener('input', () => {
    const clean = user.value.replace(/[^\x21-\x7e]/g, '').slice(0, 64);
    if (clean) { identity.user = clean; store.set('user', clean); }
  });
  user.addEventListener('change', () => { user.value = apply(user.value); });

  tenant.addEventListener('change', () => {
    identity.tenant = tenant.value;
    store.set('tenant', tenant.value);
  });
  tenant.append(el('option', { value: '' }, 'loading…'));
  tenant.disabled = true;
  getList('/api/tenants').then((list) => {
    if (!list.length) throw new Error('empty');
    tenant.replaceChildren(...list.map((name) => el('option', { value: name }, name)));
    const saved = store.get('tenant');
    tenant.value = list.includes(saved) ? saved : list[0];
    tenant.disabled = false;
    identity.tenant = tenant.value;
  }).catch(() => {
    tenant.replaceChildren(el('option', { value: '' }, 'not available'));
    tenant.title = 'The list of tenants could not be loaded; requests go out without one.';
  });
}

// ---------------------------------------------------------------- trace id with copy button

async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = el('textarea', { class: 'sr', readonly: true });
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (!copied) throw new Error('copy refused');
}

function fillTrace(host, traceId) {
  host.hidden = !traceId;
  host.replaceChildren();
  if (!traceId) return;
  const button = el('button', { class: 'copy', type: 'button', 'aria-label': 'Copy trace id' }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await copyText(traceId);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Failed';
    }
    button.focus();
    setTimeout(() => { button.textContent = 'Copy'; }, 1600);
  });
  host.append(el('span', null, 'Trace'), el('code', null, traceId), button);
}

// ---------------------------------------------------------------- one panel (Ask, Summarise)

class Panel {
  constructor(host, options) {
    this.options = options;
    host.append(document.getElementById('panel-template').content.cloneNode(true));
    this.host = host;
    this.part = (name) => host.querySelector(`[data-part="${name}"]`);
    this.form = host.querySelector('form');
    this.input = host.querySelector('textarea');
    this.send = host.querySelector('[data-do="send"]');
    this.stop = host.querySelector('[data-do="stop"]');
    this.retry = host.querySelector('[data-do="retry"]');
    this.streamSwitch = host.querySelector('.switch input');
    this.result = host.querySelector('.result');
    this.votes = [...host.querySelectorAll('[data-vote]')];
    this.sources = [];
    this.controller = null;
    this.timer = null;
    this.view = new MarkdownView(this.part('answer'), (numbers) => this.citation(numbers));

    const label = host.querySelector('.ask-label');
    label.textContent = options.label;
    label.htmlFor = this.input.id = options.id + '-text';
    this.input.placeholder = options.placeholder;
    this.send.textContent = options.verb;
    host.querySelector('.examples h2').textContent = options.examplesTitle;
    if (options.streamUrl) {
      this.streamSwitch.checked = store.get('stream') !== 'off';
      this.streamSwitch.addEventListener('change', () => store.set('stream', this.streamSwitch.checked ? 'on' : 'off'));
    } else {
      host.querySelector('.switch').hidden = true;
    }

    this.form.addEventListener('submit', (event) => { event.preventDefault(); this.submit(); });
    this.input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.isComposing || event.shiftKey) return;
      event.preventDefault();
      this.submit();
    });
    this.stop.addEventListener('click', () => this.abort());
    host.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.controller) { event.preventDefault(); this.abort(); }
    });
    this.retry.addEventListener('click', () => { if (this.lastText) this.run(this.lastText); });
    for (const button of this.votes) button.addEventListener('click', () => this.vote(button));
  }

  showExamples(list) {
    const chips = this.host.querySelector('.chips');
    chips.replaceChildren(...list.map((text) => el('li', null, el('button', {
      type: 'button',
      onclick: () => {
        if (this.controller) return;
        this.input.value = text;
        this.run(text);
      },
    }, text))));
    this.host.querySelector('.examples').hidden = !list.length;
  }

  examplesFailed() {
    this.host.querySelector('.examples h2').hidden = true;
    const note = this.part('examples-note');
    note.textContent = 'The example questions could not be loaded. You can still type your own.';
    note.hidden = false;
  }

  submit() {
    const text = this.input.value.trim();
    if (this.controller) return;
    if (!text) { this.input.focus(); this.say('Type a question first.'); return; }
    this.run(text);
  }

  say(text) { this.part('status').textContent = text; }

  abort() { if (this.controller) this.controller.abort(); }

  setBusy(busy) {
    const focused = document.activeElement;
    this.stop.hidden = !busy;
    this.send.hidden = busy;
    this.part('answer').setAttribute('aria-busy', String(busy));
    if (busy && (focused === this.send || focused === this.retry)) this.stop.focus();
    if (!busy && focused === this.stop) this.send.focus();
  }

  working(text) {
    this.part('working').hidden = !text;
    this.part('working-text').textContent = text || '';
    if (text) this.say(text);
  }

  reset(text) {
    clearInterval(this.timer);
    this.lastText = text;
    this.text = '';
    this.sources = [];
    this.traceId = null;
    this.view.clear();
    this.part('asked').textContent = text;
    for (const name of ['notice', 'error', 'sources', 'meta']) this.part(name).hidden = true;
    this.result.hidden = false;
    this.host.querySelector('.examples').classList.add('compact');
    this.part('vote-note').textContent = 'Helpful?';
    for (const button of this.votes) { button.setAttribute('aria-pressed', 'false'); button.disabled = false; }
  }

  async run(text) {
    if (this.controller) return;
    const controller = new AbortController();
    this.controller = controller;
    this.reset(text);
    this.setBusy(true);
    this.working('Looking through the documentation…');
    try {
      const streaming = Boolean(this.options.streamUrl) && this.streamSwitch.checked;
      const body = { [this.options.field]: text };
      const response = await post(streaming ? this.options.streamUrl : this.options.url, body, controller.signal);
      if (!response.ok) throw await failure(response);
      const type = response.headers.get('content-type') || '';
      if (streaming && type.includes('text/event-stream')) await this.readStream(response);
      else this.showWhole(await response.json());
      this.say('Answer complete.');
    } catch (error) {
      this.draw(false);
      this.markCited();
      if (controller.signal.aborted) {
        this.note(this.text ? 'Stopped. The answer above is incomplete.' : 'Stopped before an answer arrived.');
        this.say('Stopped.');
      } else {
        this.showError(error);
      }
    } finally {
      this.working(null);
      this.controller = null;
      this.setBusy(false);
    }
  }

  async readStream(response) {
    let finished = false;
    for await (const { event, data } of readEvents(response.body)) {
      if (!['sources', 'token', 'done', 'error'].includes(event)) continue;
      const value = JSON.parse(data);
      if (event === 'sources') {
        this.showSources(value);
        this.working('Writing the answer…');
      } else if (event === 'token') {
        if (!this.text) this.part('working').hidden = true;
        this.text += typeof value.text === 'string' ? value.text : '';
        this.drawSoon();
      } else if (event === 'error') {
        throw new ServerError(errorInfo(value, null, null));
      } else {
        finished = true;
        this.finish(value);
        break;
      }
    }
    if (!finished) {
      throw new ServerError({ type: 'incomplete_stream', message: 'The connection ended before the answer was complete.', hint: 'Try again. If it keeps happening, switch off streaming.' });
    }
  }

  showWhole(value) {
    this.text = String(value[this.options.answerField] ?? '');
    this.showSources(value.sources);
    this.finish(value);
  }

  drawSoon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = null; this.draw(Boolean(this.controller)); });
  }

  draw(withCaret) {
    if (this.frame) { cancelAnimationFrame(this.frame); this.frame = null; }
    this.view.render(this.text, withCaret);
  }

  finish(info) {
    this.draw(false);
    if (!this.text.trim()) {
      this.note('The service answered without any text.' + (this.sources.length ? ' The sources it found may still help.' : ''));
    }
    this.markCited();
    this.showMeta(info);
  }

  note(text) {
    const notice = this.part('notice');
    notice.textContent = text;
    notice.hidden = false;
  }

  // -------------------------------------------------------------- sources and citations

  showSources(list) {
    this.sources = Array.isArray(list) ? list : [];
    const section = this.part('sources');
    section.querySelector('ol').replaceChildren(...this.sources.map((source, index) => {
      const body = el('div', { class: 'src-body' }, el('span', { class: 'src-id' }, String(source.id ?? '')));
      const text = el('div');
      body.append(text);
      const details = el('details', null,
        el('summary', null,
          el('span', { class: 'src-n' }, String(index + 1)),
          el('span', { class: 'src-title' }, String(source.title || source.id || 'Untitled')),
          isNumber(source.score) ? el('span', { class: 'src-score', title: 'Similarity score' }, source.score.toFixed(3)) : el('span')),
        body);
      details.addEventListener('toggle', () => {
        if (details.open && !text.hasChildNodes()) new MarkdownView(text, null).render(String(source.text ?? ''));
      });
      return el('li', { id: `${this.options.id}-source-${index + 1}` }, details);
    }));
    section.hidden = !this.sources.length;
  }

  /** Links for [1] or [1, 2]; null when a number has no source, so the text stays as it is. */
  citation(numbers) {
    if (numbers.some((n) => n < 1 || n > this.sources.length)) return null;
    return numbers.map((n) => el('a', {
      class: 'cite',
      href: `#${this.options.id}-source-${n}`,
      'aria-label': `Source ${n}: ${this.sources[n - 1].title || ''}`,
      title: this.sources[n - 1].title || null,
      onclick: (event) => { event.preventDefault(); this.openSource(n); },
    }, String(n)));
  }

  openSource(n) {
    const item = document.getElementById(`${this.options.id}-source-${n}`);
    if (!item) return;
    item.querySelector('details').open = true;
    const summary = item.querySelector('summary');
    summary.focus({ preventScroll: true });
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    item.scrollIntoView({ block: 'nearest', behavior: calm ? 'auto' : 'smooth' });
    item.classList.add('flash');
    setTimeout(() => item.classList.remove('flash'), 1500);
  }

  markCited() {
    for (const link of this.part('answer').querySelectorAll('.cite')) {
      const item = document.getElementById(link.getAttribute('href').slice(1));
      if (item) item.classList.add('is-cited');
    }
  }

  // -------------------------------------------------------------- numbers and feedback

  showMeta(info) {
    const rows = [];
    const add = (name, ...value) => rows.push(el('div', null, el('dt', null, name), el('dd', null, ...value)));
    const small = (text) => el('small', null, ' ' + text);

    add('Model', String(info.model || '–'));
    const usage = info.usage;
    if (usage && typeof usage === 'object') {
      const count = (value) => (isNumber(value) ? integer.format(value) : '?');
      add('Tokens in / out', `${count(usage.input_tokens)} / ${count(usage.output_tokens)}`,
        isNumber(usage.cached_input_tokens) ? small(`${count(usage.cached_input_tokens)} cached`) : null);
    } else {
      add('Tokens in / out', 'unknown');
    }
    const from = { table: 'price table', reported: 'reported' }[info.cost_source];
    add('Cost', costText(info), isNumber(info.cost_usd) && from ? small(from) : null);
    add('Latency', formatMs(info.latency_ms));
    add('First token', formatMs(info.ttft_ms));
    add('Retrieval', formatMs(info.retrieval_ms));
    add('Cache', el('span', { class: info.cache_hit ? 'badge hit' : 'badge' }, info.cache_hit ? 'hit' : 'miss'));
    if (info.fallback_from) add('Fallback', el('span', { class: 'badge warn' }, `instead of ${info.fallback_from}`));
    if (isNumber(info.attempts) && info.attempts > 1) add('Attempts', String(info.attempts));
    if (info.prompt_version) add('Prompt', String(info.prompt_version));

    this.part('meta').querySelector('dl').replaceChildren(...rows);
    this.traceId = typeof info.trace_id === 'string' ? info.trace_id : null;
    fillTrace(this.part('trace'), this.traceId);
    this.host.querySelector('.vote').hidden = !this.traceId;
    this.part('meta').hidden = false;
  }

  async vote(button) {
    const traceId = this.traceId;
    if (!traceId) return;
    const note = this.part('vote-note');
    const before = this.votes.map((other) => other.getAttribute('aria-pressed'));
    for (const other of this.votes) { other.setAttribute('aria-pressed', String(other === button)); other.disabled = true; }
    try {
      const response = await post('/api/feedback', { trace_id: traceId, value: button.dataset.vote });
      if (!response.ok) throw await failure(response);
      // The first vote counts: the buttons stay as they are.
      if (traceId === this.traceId) { note.textContent = 'Thanks, recorded.'; this.say('Feedback recorded.'); }
    } catch (error) {
      if (traceId !== this.traceId) return;
      this.votes.forEach((other, index) => other.setAttribute('aria-pressed', before[index]));
      note.textContent = error instanceof ServerError ? `Not recorded: ${error.info.message}` : 'Not recorded: no connection.';
      this.say(note.textContent);
      for (const other of this.votes) other.disabled = false;
      if (document.activeElement === document.body) button.focus();
    }
  }

  // -------------------------------------------------------------- errors

  showError(error) {
    let info;
    if (error instanceof ServerError) info = error.info;
    else if (error instanceof SyntaxError) info = { type: 'bad_response', message: 'The server sent something this page cannot read.' };
    else info = { type: 'network', message: 'The support service could not be reached.', hint: 'Check that the server is running and that you are online.' };

    let title = this.text ? 'The answer broke off' : 'No answer';
    if (info.status === 429) title = 'Too many requests';
    const detail = [info.status ? String(info.status) : null, info.type].filter(Boolean).join(' · ');
    const head = this.part('error-title');
    head.textContent = detail ? `${title} (${detail})` : title;
    this.part('error-message').textContent = info.message;
    const hint = this.part('error-hint');
    hint.textContent = info.hint || '';
    hint.hidden = !info.hint;
    fillTrace(this.part('error-trace'), info.traceId);
    this.part('error').hidden = false;
    this.say('');

    let left = info.retryAfter;
    const tick = () => {
      const wait = isNumber(left) && left > 0;
      this.retry.disabled = wait;
      this.retry.textContent = wait ? `Try again in ${left} s` : 'Try again';
      if (!wait) clearInterval(this.timer);
      left -= 1;
    };
    clearInterval(this.timer);
    if (isNumber(left) && left > 0) this.timer = setInterval(tick, 1000);
    tick();
  }
}

// ---------------------------------------------------------------- start

function setUpTabs() {
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  const choose = (tab, focus) => {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute('aria-selected', String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute('aria-controls')).hidden = !chosen;
    }
    if (focus) tab.focus();
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener('click', () => choose(tab, false));
    tab.addEventListener('keydown', (event) => {
      const target = {
        ArrowRight: tabs[(index + 1) % tabs.length],
        ArrowLeft: tabs[(index + tabs.length - 1) % tabs.length],
        Home: tabs[0],
        End: tabs.at(-1),
      }[event.key];
      if (target) { event.preventDefault(); choose(target, true); }
    });
  });
}

setUpIdentity();
setUpTabs();

const ask = new Panel(document.getElementById('panel-ask'), {
  id: 'ask',
  label: 'What do you need help with?',
  placeholder: 'For example: the screen says VB-1010, how long do I have to wait?',
  verb: 'Ask',
  examplesTitle: 'Or start from one of these',
  field: 'question',
  answerField: 'answer',
  url: '/api/support/answer',
  streamUrl: '/api/support/stream',
});
const summarise = new Panel(document.getElementById('panel-sum'), {
  id: 'sum',
  label: 'Which topic should be summarised?',
  placeholder: 'For example: refunds and cancellation',
  verb: 'Summarise',
  examplesTitle: '',
  field: 'query',
  answerField: 'summary',
  url: '/api/search/summarise',
  streamUrl: null,
});
summarise.showExamples(['Refunds and cancellation', 'API limits and errors', 'What works while a hub is offline', 'How long data is kept']);
summarise.host.querySelector('.examples h2').textContent = 'Or start from one of these';

/** At most `count` entries, spread evenly over a long list. */
function spread(list, count) {
  if (list.length <= count) return list;
  return Array.from({ length: count }, (_, index) => list[Math.floor((index * list.length) / count)]);
}

getList('/api/examples').then((list) => ask.showExamples(spread(list, 6))).catch(() => ask.examplesFailed());
