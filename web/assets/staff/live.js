// What the lists count, and how far something under way has come, as long as a page
// is looked at. Without it a page shows what it was loaded with.

let source, busy = false, waits = false;

// A page that nobody sees is told nothing: a browser has few connections to spare.
function listen() {
  if (source || document.hidden) return;
  source = new EventSource('/work/events');
  source.addEventListener('counts', (e) => {
    for (const [list, count] of Object.entries(JSON.parse(e.data))) {
      for (const place of document.querySelectorAll(`[data-count="${list}"]`)) {
        place.textContent = count;
        place.hidden = !count;
      }
    }
  });
  source.addEventListener('changed', refresh);
}

function stop() {
  source?.close();
  source = undefined;
}

// The parts of the page that may change by themselves are taken from it as it is now.
async function refresh() {
  if (!document.querySelector('[data-now]')) return;
  waits = busy;
  if (busy) return;
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Purpose: 'live' } });
    if (!answer.ok || answer.redirected) return;
    const now = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const part of document.querySelectorAll('[data-now]')) {
      const is = now.getElementById(part.id);
      if (is && is.outerHTML !== part.outerHTML && !part.contains(document.activeElement)) part.replaceWith(document.adoptNode(is));
    }
  } catch { /* the network: the next change, or loading anew, shows it */ } finally {
    busy = false;
    if (waits) refresh();
  }
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) { stop(); return; }
  listen();
  refresh();
});
addEventListener('pagehide', stop);
addEventListener('pageshow', listen);
listen();
