// What the pages gain from scripts; every one of them works without.

const phone = matchMedia('(pointer: coarse)').matches;

// The fragment of a QR code's address holds the signed token. It never reaches
// the server by itself, so the page posts it and shows the full verdict in the
// place of the record's, or of why the record was not shown.
const live = document.getElementById('live');
const record = { shown: document.getElementById('result'), title: document.title };
let running; // the check of the fragment that the address has now

async function checkFragment() {
  if (!live || location.hash === '#main') return;
  running?.abort();
  const stop = running = new AbortController();
  show(record.shown, record.title); // no verdict on another fragment stays beside this one
  live.hidden = location.hash.length < 2;
  if (live.hidden) return;
  live.className = 'live busy';
  live.textContent = live.dataset.busy;
  const patience = setTimeout(() => stop.abort(), 15000);
  try {
    const answer = await fetch('/verify' + live.dataset.query, {
      method: 'POST', headers: { Accept: 'text/html' }, body: new URLSearchParams({ q: location.href, again: live.dataset.again }), signal: stop.signal,
    });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const result = page.getElementById('result');
    if (!answer.ok || !result) throw new Error('status ' + answer.status);
    if (running !== stop) return;
    show(document.adoptNode(result), page.title);
    live.hidden = true;
    document.getElementById('word').focus({ preventScroll: true });
  } catch {
    if (running !== stop) return;
    live.className = 'live failed';
    live.textContent = live.dataset.failed + ' ';
    const again = document.createElement('button');
    again.type = 'button';
    again.className = 'button second';
    again.textContent = live.dataset.retry;
    again.addEventListener('click', checkFragment);
    live.append(again);
  } finally {
    clearTimeout(patience);
  }
}

function show(result, title) {
  document.getElementById('result').replaceWith(result);
  document.title = title;
  showPrint();
}

function showPrint() {
  for (const b of document.querySelectorAll('[data-print]')) {
    b.hidden = false;
    b.onclick = () => print();
  }
}

// The other language must not lose the fragment.
for (const a of document.querySelectorAll('[data-keep-fragment]')) {
  a.addEventListener('click', () => { a.hash = location.hash; });
}

const fault = document.querySelector('[data-focus]');
if (fault) fault.focus();
// A counter's scanner types into what has the focus, with a mouse beside it or none;
// a phone would show its keyboard.
else if (!phone) document.querySelector('[data-focus-fine]')?.focus({ preventScroll: true });

// A PDF or a picture that is dropped on the page, or pasted, is verified as if it
// had been chosen.
const chosen = document.getElementById('file');

function take(files) {
  if (!chosen || !files?.length) return false;
  const one = new DataTransfer();
  one.items.add(files[0]);
  chosen.files = one.files;
  chosen.form.requestSubmit();
  return true;
}

if (chosen) {
  for (const hint of document.querySelectorAll('[data-drop]')) hint.hidden = phone;
  addEventListener('dragover', (e) => e.preventDefault());
  addEventListener('drop', (e) => { e.preventDefault(); take(e.dataTransfer.files); });
  addEventListener('paste', (e) => { if (take(e.clipboardData.files)) e.preventDefault(); });
}

showPrint();
addEventListener('hashchange', checkFragment);
checkFragment();
