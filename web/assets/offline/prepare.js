'use strict';
// The section of the verify page with which a device is prepared to verify
// without a network, kept fresh, and cleared again. Until somebody asks for it
// nothing is registered or kept.

const section = document.getElementById('prepare');

async function prepared() {
  return Boolean(await navigator.serviceWorker.getRegistration('/')) && caches.has(listCache);
}

// installed waits until a service worker has everything it keeps.
function installed(registration) {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  return new Promise((resolve, reject) => {
    const look = () => {
      if (worker.state === 'activated') resolve();
      if (worker.state === 'redundant') reject(new Error('the service worker was not installed'));
    };
    worker.addEventListener('statechange', look);
    look();
  });
}

async function prepare(device) {
  await navigator.storage?.persist?.(); // or a browser short of room might clear it
  await installed(await navigator.serviceWorker.register('/sw.js'));
  await device.kept.put(kitPath, await current(kitPath));
  await device.refresh();
  if (device.problems.length > 0 || !(await device.state()).keys) throw device.problems[0] ?? new Error('no key list');
}

// remove waits for whoever is bringing lists, here or in another tab: they would put
// theirs into what was cleared.
function remove() {
  return navigator.locks.request(listCache, async () => {
    await (await navigator.serviceWorker.getRegistration('/'))?.unregister();
    for (const name of await caches.keys()) {
      if (name.startsWith('yinzheng-')) await caches.delete(name);
    }
  });
}

// show draws the section as things stand.
async function show(device) {
  const ready = await prepared();
  for (const part of section.querySelectorAll('[data-when]')) part.hidden = (part.dataset.when === 'ready') !== ready;
  if (!ready || !device.running) return;
  const { keys } = await device.state();
  const refused = device.problems.map((p) => p.text[section.dataset.lang]).join(' ');
  say(section.dataset.ready + ' ' + moment(keys.issued) + (refused ? '。' + refused : ''));
}

function say(text) {
  section.querySelector('[role=status]').textContent = text;
}

// press runs what a button is for, and says how it ends.
function press(button, act, failed) {
  button.addEventListener('click', async () => {
    button.disabled = true;
    say(section.dataset.busy);
    try {
      await act();
    } catch (e) {
      say(e.text?.[section.dataset.lang] ?? failed);
    }
    button.disabled = false;
  });
}

async function begin() {
  const device = new Device(new CachedLists({ program: section.dataset.program, worker: section.dataset.worker }));
  const refresh = async () => {
    await device.refresh().catch((e) => { if (!device.running) throw e; }); // the server is away: what is kept stays
    await show(device);
  };
  press(document.getElementById('prepare-do'), async () => {
    try {
      await prepare(device);
      await show(device);
    } catch (e) {
      device.end();
      await remove();
      throw e;
    }
  }, section.dataset.failed);
  press(document.getElementById('prepare-remove'), async () => {
    device.end();
    await remove();
    await show(device);
    say(section.dataset.removed);
  }, section.dataset.failed);
  section.hidden = false;
  await show(device);
  if (await prepared()) await refresh();
  setInterval(async () => { if (await prepared()) await refresh(); }, 3600000);
}

// Elsewhere, as on a page without TLS, browsers have no service worker.
if ('serviceWorker' in navigator && 'caches' in window && 'locks' in navigator) begin();
