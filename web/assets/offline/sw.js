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

// A page that is open has all it needs in memory: older files may go at once.
addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith('yinzheng-shell-') && name !== shellCache) await caches.delete(name);
    }
    await clients.claim();
  })());
});

addEventListener('fetch', (event) => {
  const { request } = event, address = new URL(request.url);
  if (address.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (/^\/(verify|offline|v\/[^/]+)$/.test(address.pathname)) event.respondWith(page(request, address));
  } else if (kit.files.includes(address.pathname)) {
    event.respondWith(caches.match(request, { cacheName: shellCache }).then((kept) => kept ?? fetch(request)));
  }
});

// page is the server's while it answers. What is sent may take its time; a page
// that is only opened is given six seconds.
async function page(request, address) {
  const patience = new AbortController();
  const timer = request.method === 'GET' && setTimeout(() => patience.abort(), 6000);
  try {
    const answer = await (timer ? fetch(request, { signal: patience.signal }) : fetch(request));
    if (![502, 503, 504].includes(answer.status)) return answer;
  } catch {
    // no network, or no server behind it
  } finally {
    clearTimeout(timer);
  }
  const lang = address.searchParams.get('lang') ?? (navigator.language.startsWith('en') ? 'en' : 'zh');
  return await caches.match('/offline?lang=' + (lang === 'en' ? 'en' : 'zh'), { cacheName: shellCache }) ?? Response.error();
}
