'use strict';
// What this device keeps to verify without a network, and the verifier that
// reads it. The pages of the server and the folder on a stick share this file;
// they differ in where the lists are kept (CachedLists, StickLists).

const keyListPath = '/.well-known/jwks.json', kitPath = '/offline/kit.json', listCache = 'yinzheng-lists';

// moment is a time as the receipts write it.
const moment = (time) => new Date(time).toLocaleString(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'medium', timeZone: 'Asia/Shanghai' });

// Refusal is what the verifier does not accept, in both languages.
class Refusal extends Error {
  constructor(text, detail) {
    super(detail || text.en);
    this.text = text;
  }
}

// Late tells that the verifier was given up because a question took too long.
class Late extends Error {}

// Ended tells that it was given up because of another question.
class Ended extends Error {}

// Verifier is a worker, with the questions that wait for it. One that takes too
// long ends it.
class Verifier {
  constructor(worker, program) {
    this.worker = worker;
    this.waiting = new Map();
    this.asked = 0;
    this.ended = false;
    worker.onmessage = ({ data }) => this.answered(data);
    worker.onerror = (e) => this.end(new Error(e.message || 'the worker failed'));
    worker.postMessage({ program });
  }

  async ask(request, bytes, patience = 60000) {
    if (this.ended) throw new Ended();
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      const w = { resolve, reject, timer: setTimeout(() => this.giveUp(w, new Late()), patience) };
      this.waiting.set(id, w);
      this.worker.postMessage({ id, bytes, request: JSON.stringify({ ...request, now: Date.now() }) });
    });
  }

  answered({ id, response, failure }) {
    const w = this.waiting.get(id);
    if (!w) return;
    if (failure) {
      this.giveUp(w, new Error(failure));
      return;
    }
    this.waiting.delete(id);
    clearTimeout(w.timer);
    const answer = JSON.parse(response);
    if (answer.error) w.reject(new Refusal(answer.error, answer.detail));
    else w.resolve(answer);
  }

  // giveUp ends it because of one question. The others can be asked again.
  giveUp(w, reason) {
    w.reject(reason);
    this.end(new Ended());
  }

  end(reason) {
    this.ended = true;
    this.worker.terminate();
    for (const w of this.waiting.values()) {
      clearTimeout(w.timer);
      w.reject(reason);
    }
    this.waiting.clear();
  }
}

// Device is a verifier with what is kept. When one is ended, the next question
// begins with another.
class Device {
  constructor(kept) {
    this.kept = kept;
    this.problems = []; // Refusals of lists
    this.verifier = null;
    this.starting = null;
  }

  get running() {
    return Boolean(this.verifier) && !this.verifier.ended;
  }

  // start gives the verifier that trusts the kept root and has taken the lists that
  // hold under it. All who ask while it begins wait for the same one.
  async start() {
    if (this.running) return this.verifier;
    this.starting ??= this.begin().finally(() => { this.starting = null; });
    return this.starting;
  }

  async begin() {
    const [kit, program] = await Promise.all([this.kept.kit(), this.kept.program()]);
    const verifier = new Verifier(this.kept.worker(), program);
    try {
      await verifier.ask({ do: 'trust', kit });
      await this.takeKept(verifier);
    } catch (e) {
      verifier.end(e);
      throw e;
    }
    this.verifier = verifier;
    return verifier;
  }

  end() {
    this.verifier?.end(new Error('no longer wanted'));
  }

  // ask asks again where another question ended the verifier.
  async ask(request, bytes, patience) {
    for (;;) {
      const verifier = await this.start();
      try {
        return await verifier.ask(request, bytes, patience);
      } catch (e) {
        if (!(e instanceof Ended)) throw e;
      }
    }
  }

  // verify gives the receipt of a text or a file, and the state of what is held.
  verify(question, lang, file) {
    return this.ask({ do: 'verify', text: question, lang }, file, 20000);
  }

  async state() {
    return (await this.ask({ do: 'state' })).state;
  }

  async takeKept(verifier) {
    this.problems = [];
    for (const list of await this.kept.lists()) {
      await verifier.ask({ do: 'take' }, list).catch((e) => this.problem(e));
    }
  }

  // take takes a list from outside and keeps it; it throws a Refusal.
  async take(list) {
    const { taken } = await this.ask({ do: 'take' }, list);
    await this.kept.put(taken.keys ? keyListPath : '/status/' + taken.status, list);
  }

  problem(e) {
    if (!(e instanceof Refusal)) throw e;
    this.problems.push(e);
  }

  // refresh brings the lists that the server has now. What cannot be had, or is
  // refused, leaves the kept one in its place. It throws when the server does
  // not answer. Another root is never taken: whoever wants it prepares anew.
  async refresh() {
    await navigator.locks.request(listCache, async () => {
      if (this.running) await this.takeKept(this.verifier); // another tab may have brought newer ones
      else await this.start();
      const kit = JSON.parse(new TextDecoder().decode(await current(kitPath)));
      if (kit.root !== (await this.kept.kit()).root) {
        this.problem(new Refusal({
          zh: '服务器现在使用另一个根证书，本机没有采信它。请先向签发机关核实，再移除并重新准备本机',
          en: 'The server uses another root certificate now, which this device did not take. Ask the issuer about it, then remove and prepare this device anew',
        }));
        return;
      }
      for (const path of [keyListPath, ...Array.from({ length: kit.lists }, (_, i) => '/status/' + (i + 1))]) {
        try {
          await this.take(await current(path));
        } catch (e) {
          this.problem(e);
          if (path === keyListPath) return; // by the old one, whoever has a key that was compromised since could take a revocation back
        }
      }
      await this.kept.put(kitPath, JSON.stringify(kit));
    });
  }
}

async function fetched(path, how) {
  const answer = await fetch(path, how);
  if (!answer.ok) throw new Error(path + ': ' + answer.status);
  return answer.arrayBuffer();
}

// current is what the server has now.
async function current(path) {
  return new Uint8Array(await fetched(path, { cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(60000) }));
}

// CachedLists are kept by the browser, as the service worker's files are.
class CachedLists {
  constructor({ program, worker }) {
    this.address = { program, worker };
  }

  program() {
    return fetched(this.address.program);
  }

  worker() {
    return new Worker(this.address.worker);
  }

  async kit() {
    return (await (await caches.open(listCache)).match(kitPath))?.json();
  }

  // lists gives the key list first: the others are read with it.
  async lists() {
    const cache = await caches.open(listCache);
    const kept = (await cache.keys()).filter((r) => !r.url.endsWith(kitPath));
    kept.sort((a, b) => b.url.endsWith(keyListPath) - a.url.endsWith(keyListPath));
    return Promise.all(kept.map(async (r) => new Uint8Array(await (await cache.match(r)).arrayBuffer())));
  }

  async put(path, content) {
    await (await caches.open(listCache)).put(path, new Response(content));
  }
}

// StickLists are the folder's own. A script there cannot write files: what is put
// lasts as long as the page is open.
class StickLists {
  constructor(stick) {
    this.stick = stick;
    this.content = new Map(stick.lists.map((list, i) => [i, new TextEncoder().encode(list)]));
  }

  program() {
    const packed = Uint8Array.from(atob(this.stick.program), (c) => c.charCodeAt(0));
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  }

  worker() {
    return new Worker(URL.createObjectURL(new Blob([this.stick.worker], { type: 'text/javascript' })));
  }

  kit() {
    return this.stick.kit;
  }

  lists() {
    return [...this.content.values()];
  }

  put(path, content) { // at the end: another worker takes them in this order again
    this.content.delete(path);
    this.content.set(path, content);
  }
}
