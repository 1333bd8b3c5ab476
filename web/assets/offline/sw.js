// The service worker of who has prepared this device. When the server does not
// answer, it gives the page that verifies offline. It keeps that page's own files
// and nothing else: no answer, nothing that was sent, no page of staff or
// residents. The server writes `kit` in front of this file: the files to keep,
// and a version that changes with them.

const shellCache = 'yinzheng-shell-' + kit.version;

addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(shellCache);
    await cache.addAll(kit.files.map((file) => new Request(file, { cache: 'reload' })));
    await skipWaiting();
  })());
});

// A page that is open may have to begin with its verifier again: the files before
// these stay until the next ones come.
addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const older = (await caches.keys()).filter((name) => name.startsWith('yinzheng-shell-') && name !== shellCache);
    for (const name of older.slice(0, -1)) await caches.delete(name);
    await clients.claim();
  })());
});

addEventListener('fetch', (event) => {
  const { request } = event, address = new URL(request.url);
  if (address.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (/^\/(verify|offline|v\/[^/]+)$/.test(address.pathname)) event.respondWith(page(request, address));
  } else if (address.pathname.startsWith('/assets/') || kit.files.includes(address.pathname)) {
    event.respondWith(kept(request).then((file) => file ?? fetch(request)));
  }
});

// kept is a file of this version, or else of the one before. There is one answer at
// an address, whatever Vary says that it hangs on.
async function kept(request) {
  return await caches.match(request, { cacheName: shellCache, ignoreVary: true }) ?? caches.match(request, { ignoreVary: true });
}

// page is the server's while it answers. What is sent may take its time, and the
// server may say that it is too busy for it; a page that is only opened is given six
// seconds.
async function page(request, address) {
  const patience = new AbortController();
  const timer = request.method === 'GET' && setTimeout(() => patience.abort(), 6000);
  try {
    const answer = await (timer ? fetch(request, { signal: patience.signal }) : fetch(request));
    const away = answer.status === 502 || answer.status === 504 || answer.status === 503 && request.method === 'GET';
    if (!away) return answer;
  } catch {
    // no network, or no server behind it
  } finally {
    clearTimeout(timer);
  }
  const lang = address.searchParams.get('lang') ?? (navigator.language.startsWith('en') ? 'en' : 'zh');
  return await kept('/offline?lang=' + (lang === 'en' ? 'en' : 'zh')) ?? Response.error();
}
