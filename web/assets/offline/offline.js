'use strict';
// The page that verifies without a network: it asks the verifier on this device
// and draws its receipt as the server's page does (result.html).

const words = document.getElementById('words').dataset, lang = words.lang;
const live = document.getElementById('live');
const device = new Device(window.stick ? new StickLists(stick) : new CachedLists({ program: words.program, worker: words.worker }));

// element makes one; what is undefined or empty among its children is left out.
function element(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) e.setAttribute(name, value);
  e.append(...children.filter((c) => c !== undefined && c !== ''));
  return e;
}

const drawing = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
const said = (text) => text[lang];
const outcomes = { pass: words.pass, fail: words.fail, 'not-checked': words.notChecked };

// ago is how long ago, in the largest unit that is whole.
function ago(time) {
  const minutes = Math.round((new Date(time) - Date.now()) / 60000);
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: 'auto' });
  if (Math.abs(minutes) < 90) return format.format(minutes, 'minute');
  if (Math.abs(minutes) < 60 * 36) return format.format(Math.round(minutes / 60), 'hour');
  return format.format(Math.round(minutes / 1440), 'day');
}

function verdict(r) {
  const a = r.answer;
  return element('section', { class: 'verdict ' + r.tone + (r.long ? ' long' : ''), 'aria-labelledby': 'word' },
    drawing('icon-' + r.icon),
    element('div', { class: 'say' },
      element('h1', { id: 'word', tabindex: '-1' }, said(a.heading)),
      element('p', { class: 'also', lang: words.otherTag }, a.heading[words.other])),
    element('div', { class: 'why' },
      element('p', { class: 'meaning' }, said(a.meaning)),
      a.status_as_of ? element('p', { class: 'since' }, words.asOf + ' ', element('strong', {}, r.as_of || r.at), words.open + ago(a.status_as_of) + words.close) : '',
      element('p', { class: 'advice' }, element('strong', {}, words.advice), ' ' + said(a.advice))));
}

function facts(r) {
  if (!r.facts?.length) return '';
  return element('section', { class: 'card', 'aria-labelledby': 'facts' },
    element('h2', { id: 'facts' }, r.confirmed ? words.facts : words.unconfirmed),
    element('dl', {}, ...r.facts.map((f) => element('div', {},
      element('dt', {}, said(f.label)),
      element('dd', { class: f.mono ? 'mono' : undefined }, ...f.parts.flatMap((p) => [p, element('wbr', {})]))))),
    r.sound && r.paper ? element('p', { class: 'note' }, words.paper) : '',
    r.sound && r.file ? element('p', { class: 'note' }, words.file) : '');
}

function checks(r) {
  const print = element('button', { type: 'button', class: 'button second' }, words.print);
  print.addEventListener('click', () => window.print());
  return element('section', { class: 'card', 'aria-labelledby': 'checks' },
    element('h2', { id: 'checks' }, words.checks),
    element('ul', { class: 'checks' }, ...r.checks.map((c) => element('li', { class: c.result },
      drawing('mark-' + c.result),
      element('span', {}, element('b', {}, said(c.name)), ' ', element('i', {}, outcomes[c.result]), element('br', {}), said(c.words))))),
    ...(r.answer.findings ? [element('h3', {}, words.found), element('ul', { class: 'found' },
      ...r.answer.findings.map((f) => element('li', {}, said(f.text) + ' ', element('span', { class: 'mono mute' }, f.code))))] : []),
    element('p', { class: 'mute' }, words.at + ' ', element('time', {}, r.at), words.clock),
    element('p', { class: 'act' }, print));
}

// draw shows a receipt in the place of the one before.
function draw(r, host) {
  document.getElementById('result').replaceChildren(element('article', { class: 'result', 'data-verdict': r.answer.verdict },
    element('p', { class: 'receipt' }, words.receipt + ' · ' + host),
    verdict(r),
    element('div', { class: 'columns' }, facts(r), checks(r))));
  document.title = said(r.answer.heading) + ' · ' + words.brand;
}

function note(text, failed) {
  live.hidden = !text;
  live.className = failed ? 'live failed' : 'live';
  live.textContent = text;
}

const trouble = (e) => (e instanceof Refusal ? said(e.text) : e instanceof Late ? words.late : words.broken);

// newest is the last question. What one before it brings is not drawn any more.
let newest;

// verify asks the verifier about a text or a file and shows what it says.
async function verify(text, file) {
  document.getElementById('result').replaceChildren();
  note(words.busy);
  newest = { text, bytes: file?.arrayBuffer() };
  if (await answered(newest)) document.getElementById('word').focus();
}

const lists = ({ keys, status }) => JSON.stringify([keys, status]);

// answered draws the receipt of a question, and tells whether there is one. The
// question keeps by which lists it was answered; without any, if it was refused.
async function answered(question) {
  try {
    const { receipt, state } = await device.verify(question.text, lang, question.bytes && new Uint8Array(await question.bytes));
    question.by = lists(state);
    if (question !== newest) return false;
    note('');
    draw(receipt, state.host);
    return true;
  } catch (e) {
    if (e instanceof Refusal) question.by = '';
    if (question === newest) note(trouble(e), true);
    return false;
  }
}

// renew asks again what was answered by other lists than are held now. Whoever is
// about to scan the next code is not disturbed by it.
async function renew(state) {
  if (newest?.by === undefined || newest.by === lists(state)) return;
  if (await answered(newest)) note(words.renewed);
}

function file(f) {
  if (f.size > 20 << 20) note(words.large, true);
  else verify('', f);
}

// fact is one line of what is kept.
const fact = (label, ...value) => element('div', {}, element('dt', {}, label), element('dd', {}, ...value));

// held says which lists are kept, how old they are, and what was refused. What the
// page shows is as of them.
async function held() {
  const s = await device.state();
  const list = (name, l) => fact(name, ...l ? [moment(l.issued) + words.open + ago(l.issued) + words.close,
    element('br', {}), (new Date(l.expires) <= Date.now() ? words.stale : words.until) + ' ' + moment(l.expires)] : [words.none]);
  document.getElementById('lists').replaceChildren(
    list(words.keyList, s.keys),
    ...(s.status ?? [undefined]).map((l) => list(l ? words.statusList + ' ' + l.number : words.statusList, l)),
    fact(words.clockNow, moment(Date.now())),
    fact(words.root, s.root, element('br', {}), element('span', { class: 'mono mute' }, s.fingerprint)));
  document.getElementById('problems').replaceChildren(...device.problems.map((p) => element('li', { class: 'wrong' }, said(p.text))));
  await renew(s);
}

// refresh brings the server's lists, if it answers.
async function refresh() {
  try {
    await device.refresh();
    return true;
  } catch {
    return false;
  } finally {
    if (device.running) await held();
  }
}

// bring takes lists that somebody has in files, a key list first.
async function bring(files) {
  const lists = await Promise.all([...files].map(async (f) => new Uint8Array(await f.arrayBuffer())));
  lists.sort((a, b) => (b[0] === 0x7b) - (a[0] === 0x7b)); // {
  device.problems = [];
  for (const list of lists) await device.take(list).catch((e) => device.problem(e));
  await held();
  note(device.problems.length ? words.notBrought : words.brought, device.problems.length > 0);
}

function listen() {
  const box = document.getElementById('q');
  document.getElementById('form').addEventListener('submit', async (e) => {
    e.preventDefault();
    if (box.value.trim()) await verify(box.value);
    box.value = '';
    if (matchMedia('(pointer: fine)').matches) box.focus({ preventScroll: true }); // for the next scan
  });
  document.getElementById('file').addEventListener('change', (e) => {
    if (e.target.files[0]) file(e.target.files[0]);
    e.target.value = '';
  });
  addEventListener('dragover', (e) => e.preventDefault());
  addEventListener('drop', (e) => {
    e.preventDefault();
    if (e.dataTransfer.files[0]) file(e.dataTransfer.files[0]);
  });
  document.getElementById('bring')?.addEventListener('change', (e) => bring(e.target.files));
  document.getElementById('refresh')?.addEventListener('click', async () => {
    note(words.busy);
    const answered = await refresh();
    note(answered ? words.refreshed : words.away, !answered);
  });
  for (const a of document.querySelectorAll('[data-keep-fragment]')) a.addEventListener('click', () => { a.hash = location.hash; });
  addEventListener('hashchange', asked);
}

// reading lays the page out as somebody likes to read. The address says how, as on the
// server's pages; the page itself is the same for all. It is changed in place: another
// page would have lost a file's result, and have to start the verifier.
function reading() {
  const { searchParams } = new URL(location), links = document.querySelectorAll('[data-carry]');
  for (const button of document.querySelectorAll('[data-way]')) {
    const { way, value, class: name, other } = button.dataset, plain = button.textContent;
    const show = (on) => {
      document.documentElement.classList.toggle(name, on);
      button.textContent = on ? other : plain;
      for (const a of links) {
        const to = new URL(a.href);
        if (on) to.searchParams.set(way, value);
        else to.searchParams.delete(way);
        a.href = to;
      }
    };
    button.addEventListener('click', () => show(!document.documentElement.classList.contains(name)));
    button.hidden = false;
    show(searchParams.get(way) === value);
  }
}

// asked verifies what the address holds, where it is a certificate's.
function asked() {
  return location.pathname.startsWith('/v/') ? verify(location.href) : undefined;
}

// prepared tells whether there is something to verify with. Without TLS, and in
// private windows, browsers keep nothing.
async function prepared() {
  try {
    if (window.stick || await device.kept.kit()) return true;
    note(words.unprepared, true);
  } catch {
    note(words.barred, true);
  }
  return false;
}

async function begin() {
  reading();
  listen();
  if (!await prepared()) return;
  note(words.starting);
  try {
    await device.start();
    note('');
    await held();
  } catch (e) {
    note(trouble(e), true);
    return;
  }
  document.getElementById('ask').hidden = false;
  await asked();
  if (window.stick) return;
  await refresh();
  setInterval(refresh, 3600000);
}

begin();
