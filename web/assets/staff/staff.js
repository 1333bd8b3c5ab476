// What the staff's pages gain from scripts; every one of them works without.

const form = document.getElementById('form');
const state = document.getElementById('state');
const page = document.getElementById('page');

document.querySelector('[data-focus]')?.focus();

// A second click sends nothing twice.
document.addEventListener('submit', (e) => {
  const button = e.submitter;
  if (form && e.target !== form && dirty && e.target.elements.version) { // what was typed goes first
    e.preventDefault();
    settled().then((kept) => { if (kept) e.target.requestSubmit(button); });
    return;
  }
  if (e.target.dataset.sent) { e.preventDefault(); return; }
  e.target.dataset.sent = '1';
  if (button) button.setAttribute('aria-busy', 'true');
  if (e.target === form) leaving = true;
});
addEventListener('pageshow', () => {
  for (const f of document.forms) delete f.dataset.sent;
  for (const b of document.querySelectorAll('[aria-busy]')) b.removeAttribute('aria-busy');
});

// What is often written is put into its field, where it can be changed: by a click
// or, as long as the field is empty, by its digit. Who goes on typing after that
// meant the digit itself.
for (const list of document.querySelectorAll('[data-fill]')) {
  const field = document.getElementById(list.dataset.fill);
  let digit = '';
  function choose(button) {
    field.value = button.value;
    field.focus();
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  list.hidden = false;
  list.addEventListener('click', (e) => {
    const button = e.target.closest('button');
    if (button) choose(button);
  });
  field.addEventListener('keydown', (e) => {
    if (e.isComposing || e.ctrlKey || e.altKey || e.metaKey) return;
    if (digit && e.key.length === 1) field.value = digit;
    digit = '';
    const button = field.value === '' && list.querySelectorAll('button')[e.key - 1];
    if (!button) return;
    e.preventDefault();
    digit = e.key;
    choose(button);
  });
  field.addEventListener('blur', () => { digit = ''; });
}

// The place of a field is put into the text in which somebody was writing last.
for (const list of document.querySelectorAll('[data-inserts]')) {
  let text;
  list.hidden = false;
  form.addEventListener('focusin', (e) => { if (e.target.matches('textarea, input:not([type])')) text = e.target; });
  list.addEventListener('click', (e) => {
    if (!text || !e.target.dataset.insert) return;
    text.setRangeText(e.target.dataset.insert, text.selectionStart, text.selectionEnd, 'end');
    text.focus();
    text.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

// A file that was chosen is sent at once.
for (const input of document.querySelectorAll('[data-send]')) input.addEventListener('change', () => { if (input.value) input.form.requestSubmit(); });

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => print());
}

// What goes on while somebody looks on is fetched every second; once it is
// something else, all of the page is.
const following = document.querySelector('[data-follow="working"]');
async function follow() {
  try {
    const answer = await fetch(location.pathname);
    if (answer.status < 500) {
      const now = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-follow]');
      if (now?.dataset.follow !== 'working') return location.replace(location.pathname);
      following.replaceChildren(...now.childNodes);
    }
  } catch { /* the network, or a restart: the next second may be better */ }
  setTimeout(follow, 1000);
}
if (following) setTimeout(follow, 1000);

// A field that matters only for one choice is shown only then.
for (const part of document.querySelectorAll('[data-when]')) {
  const choice = part.closest('form').elements[part.dataset.when];
  const show = () => { part.hidden = !part.dataset.is.split(' ').includes(choice.value); };
  choice.addEventListener('change', show);
  show();
}

// Rare characters are looked up in a window of the page and put where they are
// wanted; without one they are copied from a page of their own.
async function lookUp(address, into, close) {
  const answer = await fetch(address);
  if (!answer.ok || answer.redirected) return open(address, '_blank');
  const found = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('characters');
  const dialog = document.querySelector('dialog') ?? document.body.appendChild(document.createElement('dialog'));
  const shut = Object.assign(document.createElement('button'), { type: 'button', className: 'quiet', textContent: close, onclick: () => dialog.close() });
  found.prepend(shut);
  for (const place of found.querySelectorAll('[data-character]')) {
    const button = Object.assign(document.createElement('button'), { type: 'button', onclick: () => put(place.dataset.character) });
    button.append(...place.childNodes);
    place.append(button);
  }
  found.addEventListener('click', (e) => {
    if (e.target.tagName !== 'A') return;
    e.preventDefault();
    lookUp(e.target.href, into, close);
  });
  found.querySelector('form').addEventListener('submit', (e) => {
    e.preventDefault();
    e.stopPropagation();
    lookUp('/work/characters?' + new URLSearchParams(new FormData(e.target)), into, close);
  });
  function put(character) {
    into.setRangeText(character, into.selectionStart, into.selectionEnd, 'end');
    dialog.close();
    into.focus();
    into.dispatchEvent(new Event('input', { bubbles: true }));
  }
  dialog.replaceChildren(found);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector('input').focus();
}
for (const link of document.querySelectorAll('[data-rare]')) {
  link.addEventListener('click', (e) => {
    if (!window.HTMLDialogElement) return;
    e.preventDefault();
    lookUp(link.href, document.getElementById(link.dataset.rare), link.dataset.close);
  });
}

// The form: the page beside it is set anew while somebody types, and what they
// typed is saved.
let leaving = false, dirty = false, saving = false, drawn = 0, asked = 0;
let drawTimer, saveTimer, focused = '';

function body() {
  const data = new URLSearchParams(new FormData(form));
  if (focused) data.set('focus', focused.replace(/\.(type|reason)$/, ''));
  return data;
}

async function draw() {
  const mine = ++asked;
  try {
    const answer = await fetch(form.dataset.live, { method: 'POST', body: body() });
    if (!answer.ok || mine < drawn) return;
    const picture = URL.createObjectURL(await answer.blob());
    if (mine < drawn) return;
    drawn = mine;
    const old = page.src;
    page.src = picture;
    if (old.startsWith('blob:')) URL.revokeObjectURL(old);
  } catch { /* the network: the page stays as it was, saving says so */ }
}

function say(text, bad) {
  state.textContent = text;
  state.classList.toggle('bad', Boolean(bad));
}

async function save() {
  if (saving || !dirty || leaving) return;
  saving = true;
  dirty = false;
  say(form.dataset.saving);
  try {
    const answer = await fetch(form.getAttribute('action'), { method: 'POST', headers: { Accept: 'application/json' }, body: body() });
    if (!answer.ok) {
      dirty = true;
      say(answer.status >= 500 ? form.dataset.unsaved : form.dataset.stale, true);
      if (answer.status >= 500) later(5000);
      return;
    }
    const saved = await answer.json();
    for (const version of document.getElementsByName('version')) version.value = saved.version;
    show(saved);
    if (!dirty) say(form.dataset.saved + ' ' + saved.at);
  } catch {
    dirty = true;
    say(form.dataset.unsaved, true);
    later(5000);
  } finally {
    saving = false;
    if (dirty && !leaving) later(1500);
  }
}

// settled saves what was typed and tells whether it is saved.
async function settled() {
  clearTimeout(saveTimer);
  while (saving) await new Promise((done) => { setTimeout(done, 50); });
  await save();
  return !dirty;
}

function later(wait) {
  clearTimeout(saveTimer);
  saveTimer = setTimeout(save, wait);
}

// What the server found wrong, and what it wrote differently, stands at its field.
function show(saved) {
  for (const box of form.querySelectorAll('[data-field]')) {
    const path = box.dataset.field;
    if (box.contains(document.activeElement)) continue;
    const faults = (saved.faults ?? []).filter((f) => f.field === path || f.field.startsWith(path + '.') || f.field.startsWith(path + '['));
    const note = document.getElementById(path + '-fault');
    if (box.querySelector('[data-field]') || !note) continue;
    note.textContent = faults.map((f) => f.detail).join(' ');
    box.classList.toggle('bad', faults.length > 0);
    const change = (saved.changes ?? []).find((c) => c.field === path);
    const input = document.getElementById(path);
    if (change && input && 'value' in input && input.type !== 'date') input.value = change.to;
  }
}

if (form) {
  form.addEventListener('focusin', (e) => { focused = e.target.name ?? ''; });
  form.addEventListener('input', () => {
    dirty = true;
    clearTimeout(drawTimer);
    drawTimer = setTimeout(draw, 400);
    later(3000);
  });
  document.addEventListener('change', (e) => { // a box of the form may stand elsewhere
    if (e.target.form !== form) return;
    dirty = true;
    later(300);
  });
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && e.target.form === form) form.requestSubmit(document.querySelector('[form=form][value=check]'));
  });
  addEventListener('online', save);
  addEventListener('beforeunload', (e) => { if (dirty && !leaving) e.preventDefault(); });
}
