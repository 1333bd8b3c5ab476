// The verifier's worker: Go compiled to WebAssembly behind one function. It runs
// apart from the page, without a network, so that the page can end it.
let verifier;

addEventListener('message', async ({ data }) => {
  if (data.program) {
    const go = new Go();
    verifier = WebAssembly.instantiate(data.program, go.importObject).then(({ instance }) => { go.run(instance); });
    verifier.catch(() => {}); // told to whoever asks
    return;
  }
  try {
    await verifier;
    postMessage({ id: data.id, response: yinzheng(data.request, data.bytes) });
  } catch (e) {
    postMessage({ id: data.id, failure: String(e) });
  }
});
